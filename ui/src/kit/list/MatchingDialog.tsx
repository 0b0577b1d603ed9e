import { Button, Modal, Progress } from 'antd';
import { useRef, useState } from 'react';
import { ProblemNotice } from '../feedback';
import { formatNumber } from '../format';
import type { BulkAction } from './BulkActionBar';
import { BulkReport } from './BulkReport';
import { ReasonField } from './ReasonField';
import { addRefusals, countLabel, type MatchingCount, type MatchingRows, type RefusedGroup } from './matching';

interface Props {
  action: BulkAction;
  matching: MatchingRows;
  count: MatchingCount;
  noun: readonly [string, string];
  onClose: () => void;
  onDone: () => void;
}

interface Progressed {
  matched: number;
  changed: number;
  refused: RefusedGroup[];
  next: string | undefined;
  finished: boolean;
}

const nothing: Progressed = { matched: 0, changed: 0, refused: [], next: undefined, finished: false };

/**
 * Apply an action to everything that matches, in portions, so that other users can work meanwhile. It can be stopped and, after a
 * stop or a failure, continued where it ended; the report groups what was not changed by reason.
 */
export function MatchingDialog({ action, matching, count, noun, onClose, onDone }: Props) {
  const [reason, setReason] = useState('');
  const [progress, setProgress] = useState(nothing);
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>();
  const stopRef = useRef<AbortController>(null);
  const started = running || progress.matched > 0 || progress.finished;
  const total = `${countLabel(count, formatNumber)} ${noun[1]}`;

  const run = async (): Promise<void> => {
    const stop = new AbortController();
    stopRef.current = stop;
    setRunning(true);
    setError(undefined);
    let current = progress;
    try {
      while (!current.finished && !stop.signal.aborted) {
        const portion = await matching.act(action, reason.trim(), current.next);
        current = {
          matched: current.matched + portion.matched,
          changed: current.changed + portion.changed,
          refused: addRefusals(current.refused, portion.refused),
          next: portion.next ?? undefined,
          finished: portion.next === null,
        };
        setProgress(current);
      }
    } catch (failure) {
      setError(failure);
    }
    setRunning(false);
    onDone();
  };
  const close = (): void => {
    stopRef.current?.abort();
    onClose();
  };
  const percent = count.count === null || count.count >= count.limit ? undefined : Math.min(99, (100 * progress.matched) / count.count);

  return (
    <Modal
      open
      title={`${action.label} all matching ${noun[1]}`}
      onCancel={close}
      mask={{ closable: !running }}
      footer={
        <MatchingButtons
          action={action}
          total={total}
          running={running}
          started={started}
          finished={progress.finished}
          disabled={action.reasonRequired === true && reason.trim() === ''}
          onRun={() => void run()}
          onStop={() => stopRef.current?.abort()}
          onClose={close}
        />
      }
    >
      {!started && (
        <>
          <p>
            {action.description} This applies to all <strong>{total}</strong> that match the filters, also to those on other pages.
          </p>
          {action.reasonPlaceholder !== undefined && (
            <ReasonField placeholder={action.reasonPlaceholder} value={reason} onChange={setReason} />
          )}
        </>
      )}
      {running && (
        <div role="status">
          {formatNumber(progress.matched)} of {total}
          {percent !== undefined && <Progress percent={percent} showInfo={false} aria-label="Progress" />}
        </div>
      )}
      {started && (
        <BulkReport changed={progress.changed} refused={progress.refused} labels={action.outcomeLabels ?? ['done', 'not changed']} />
      )}
      {!running && started && !progress.finished && error === undefined && (
        <p>Stopped. The remaining {noun[1]} were not changed; you can continue with them.</p>
      )}
      {error !== undefined && <ProblemNotice compact error={error} />}
    </Modal>
  );
}

interface ButtonsProps {
  action: BulkAction;
  total: string;
  running: boolean;
  started: boolean;
  finished: boolean;
  disabled: boolean;
  onRun: () => void;
  onStop: () => void;
  onClose: () => void;
}

function MatchingButtons({ action, total, running, started, finished, disabled, onRun, onStop, onClose }: ButtonsProps) {
  if (running) return <Button onClick={onStop}>Stop</Button>;
  if (finished) {
    return (
      <Button type="primary" onClick={onClose}>
        Close
      </Button>
    );
  }
  return (
    <>
      <Button onClick={onClose}>{started ? 'Close' : 'Cancel'}</Button>
      <Button type="primary" danger={action.danger} disabled={disabled} onClick={onRun}>
        {started ? 'Continue' : `${action.label} ${total}`}
      </Button>
    </>
  );
}
