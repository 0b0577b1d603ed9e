import { useLive } from '@client/live';
import { getFlow, getFlowCounts } from '@client/orchestration';
import { ErrorBoundary } from '@kit/ErrorBoundary';
import { QueryContent } from '@kit/feedback';
import { Page } from '@kit/layout';
import { Badge, StateTag } from '@kit/states';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { lazy, Suspense } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import './orchestration.css';
import { FlowPause } from './FlowPause';
import { StepDrawer } from './StepDrawer';

const FlowCanvas = lazy(() => import('./FlowCanvas'));

/** A flow diagram with the number of runs at every step. */
export default function FlowPage() {
  const { name = '' } = useParams();
  const [params, setParams] = useSearchParams();
  const queryClient = useQueryClient();
  const flow = useQuery({ queryKey: ['flow', name], queryFn: () => getFlow(name) });
  const counts = useQuery({ queryKey: ['flow', name, 'counts'], queryFn: () => getFlowCounts(name), refetchInterval: 10_000 });
  useLive(() => void queryClient.invalidateQueries({ queryKey: ['flow', name, 'counts'] }), 3000);

  const selectedStep = params.get('step');
  const selectStep = (step: string | null): void => {
    setParams(step === null ? {} : { step }, { replace: true });
  };
  const title = flow.data?.title ?? name;
  return (
    <Page
      breadcrumb={
        <Link to="/flows" className="crumb">
          Flows
        </Link>
      }
      title={title}
      actions={flow.data && <FlowPause flow={flow.data} />}
      description={flow.data && `Version ${flow.data.version}. Select a step to see its settings and runs.`}
    >
      <QueryContent query={flow} rows={10}>
        {(data) => (
          <>
            {data.paused && (
              <p className="card flow-paused" role="note">
                <StateTag state="paused" /> Runs wait at their steps, and orders that arrive wait at the start. Resume the flow to continue.
              </p>
            )}
            {data.problems.length > 0 && (
              <ul className="card flow-problems" aria-label="Problems">
                {data.problems.map((problem) => (
                  <li key={`${problem.where} ${problem.what}`}>
                    <Badge tone="failed">{problem.where}</Badge> {problem.what} <span className="muted">{problem.remedy}</span>
                  </li>
                ))}
              </ul>
            )}
            <div className="card flow-canvas">
              <ErrorBoundary fallback={<p className="muted">The flow could not be displayed.</p>}>
                <Suspense fallback={<Skeleton.Node active style={{ width: '100%', height: 480 }} />}>
                  <FlowCanvas steps={data.steps} counts={counts.data ?? {}} selectedStep={selectedStep} onSelectStep={selectStep} />
                </Suspense>
              </ErrorBoundary>
            </div>
            {selectedStep !== null && data.steps.some((step) => step.id === selectedStep) && (
              <StepDrawer flow={data} step={selectedStep} counts={counts.data?.[selectedStep]} onClose={() => selectStep(null)} />
            )}
          </>
        )}
      </QueryContent>
    </Page>
  );
}
