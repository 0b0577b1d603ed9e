import { CheckCircleFilled, CloseOutlined, LinkOutlined } from '@kit/icons';
import { ProblemNotice } from '@kit/feedback';
import { Button } from 'antd';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { DemoControls } from './DemoControls';
import './demo.css';
import { type TourStep, tourSteps } from './tourSteps';
import { type Tour, useTour } from './useTour';

interface Props {
  email: string;
  /** Undefined until the user has opened or closed the panel. */
  open: boolean | undefined;
  onOpen: () => void;
  onClose: () => void;
}

const isNarrow = (): boolean => window.matchMedia('(max-width: 1199px)').matches;

/** The panel of the demo: what happens outside OpenIOM, and a tour. It follows the tour while it is closed. */
export default function DemoPanel({ email, open, onOpen, onClose }: Props) {
  const tour = useTour(email);
  const isGuided = tour.demo.data !== undefined && tour.demo.data.orders_per_minute > 0;
  const opensItself = open === undefined && isGuided && !isNarrow();
  useEffect(() => {
    if (opensItself) onOpen();
  }, [opensItself, onOpen]);
  return open === true ? <Panel tour={tour} onClose={onClose} /> : null;
}

function Panel({ tour, onClose }: { tour: Tour; onClose: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Opened by its button, not by itself on the first visit.
    if (document.activeElement?.id === 'demo-button') heading.current?.focus();
  }, []);
  const handleKey = ({ key }: KeyboardEvent): void => {
    if (key === 'Escape') onClose();
  };
  const handleLink = (): void => {
    if (isNarrow()) onClose();
  };
  return (
    <aside className="demo" id="demo-panel" aria-labelledby="demo-heading" onKeyDown={handleKey}>
      <header>
        <h2 id="demo-heading" ref={heading} tabIndex={-1}>
          Demo
        </h2>
        <Button type="text" size="small" icon={<CloseOutlined />} aria-label="Close the demo panel" onClick={onClose} />
      </header>
      <div className="demo-body">
        {tour.demo.error && <ProblemNotice compact error={tour.demo.error} onRetry={() => void tour.demo.refetch()} />}
        {tour.demo.data && <DemoControls demo={tour.demo.data} onFixed={() => tour.tick('outage')} />}
        <section aria-labelledby="tour-heading">
          <h3 id="tour-heading">
            Tour{' '}
            <span className="muted">
              {tour.done.size} of {tourSteps.length} done
            </span>
          </h3>
          <ol>
            {tourSteps.map((step) => (
              <Step
                key={step.name}
                step={step}
                isDone={tour.done.has(step.name)}
                path={step.path?.(tour.demo.data)}
                url={step.url?.(tour.demo.data)}
                onFollow={handleLink}
              />
            ))}
          </ol>
        </section>
      </div>
    </aside>
  );
}

interface StepProps {
  step: TourStep;
  isDone: boolean;
  path: string | null | undefined;
  url: string | undefined;
  onFollow: () => void;
}

function Step({ step, isDone, path, url, onFollow }: StepProps) {
  return (
    <li data-done={isDone}>
      <span className="demo-mark">{isDone ? <CheckCircleFilled aria-label="Done" role="img" /> : <i aria-hidden="true" />}</span>
      <div>
        <StepTitle title={step.title} path={path} url={url} onFollow={onFollow} />
        <p className="muted">{step.text}</p>
      </div>
    </li>
  );
}

function StepTitle({ title, path, url, onFollow }: Omit<StepProps, 'step' | 'isDone'> & { title: string }) {
  if (url)
    return (
      <a href={url} target="_blank" rel="noreferrer">
        {title}
        <LinkOutlined />
        <span className="visually-hidden">, opens in a new tab</span>
      </a>
    );
  if (!path) return <strong>{title}</strong>;
  return (
    <Link to={path} onClick={onFollow}>
      {title}
    </Link>
  );
}
