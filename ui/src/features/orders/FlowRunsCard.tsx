import type { FlowRun, StepResult } from '@client/orders';
import { DetailsView } from '@kit/DetailsView';
import { QueryContent } from '@kit/feedback';
import { formatDuration, Timestamp } from '@kit/format';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { FoldedCard } from '@kit/layout';
import { Badge, StateTag, toneIcon } from '@kit/states';
import { eventTitle, portLabel, stateLabel, stepKindLabel } from '@vocabulary';
import type { Tone } from '@kit/tokens';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from 'react-router';

export function FlowRunsCard({ query }: { query: UseQueryResult<FlowRun[]> }) {
  return (
    <FoldedCard title="Flow runs" flush summary={summaryOf(query.data)}>
      <QueryContent query={query}>
        {(flowRuns) =>
          flowRuns.length === 0 ? (
            <p className="muted" style={{ padding: '0 var(--pad) 16px' }}>
              No flow has processed this order yet. <Link to="/flows">View flows</Link>
            </p>
          ) : (
            <div>
              {flowRuns.map((flowRun) => (
                <FlowRunView key={flowRun.id} flowRun={flowRun} />
              ))}
            </div>
          )
        }
      </QueryContent>
    </FoldedCard>
  );
}

/** The flows and their states, as "Store order: running". */
const summaryOf = (flowRuns: FlowRun[] | undefined): string =>
  (flowRuns ?? []).map((run) => `${run.flow_title || run.flow}: ${stateLabel(run.state).toLowerCase()}`).join(', ');

function FlowRunView({ flowRun }: { flowRun: FlowRun }) {
  const awaits = flowRun.awaits ?? [];
  return (
    <div className="flow-run">
      <div className="flow-run-head">
        <Link to={`/flows/${encodeURIComponent(flowRun.flow)}`} className="strong">
          {flowRun.flow_title || flowRun.flow}
        </Link>
        <span className="muted">version {flowRun.version}</span>
        <StateTag state={flowRun.state} />
        {flowRun.step_title && (
          <span className="muted">
            at “{flowRun.step_title}”
            {flowRun.since && (
              <>
                {' '}
                since <Timestamp at={flowRun.since} />
              </>
            )}
          </span>
        )}
        {awaits.length > 0 && (
          <span className="muted">
            waiting for {awaits.map((event) => eventTitle(event)).join(' or ')}
            {flowRun.wake_at && (
              <>
                , until <Timestamp at={flowRun.wake_at} format="date" />
              </>
            )}
          </span>
        )}
        {flowRun.postponed && <span className="muted">{flowRun.postponed}</span>}
      </div>
      {flowRun.error && (
        <p className="flow-run-error">
          {flowRun.error.what}
          {flowRun.error.why && <> ({flowRun.error.why})</>}
          {flowRun.error.remedy && <span className="muted"> — {flowRun.error.remedy}</span>}
        </p>
      )}
      <HorizontalScroll label="Step results">
        <table className="plain steps">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Result</th>
              <th scope="col">Reason</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {flowRun.results.map((result, index) => (
              <StepResultRow key={`${result.recorded_at} ${result.step} ${index}`} result={result} />
            ))}
          </tbody>
        </table>
      </HorizontalScroll>
    </div>
  );
}

export function portTone(port: string): Tone {
  if (/fail|reject|expired|declin/.test(port)) return 'failed';
  if (/succeed|pass|happened|done|approved|joined|yes/.test(port)) return 'done';
  if (/timed|skip|wait/.test(port)) return 'attention';
  return 'neutral';
}

/** The reasons of a step's policies. */
function policyReasons(details: Record<string, unknown>): string {
  const policies = Array.isArray(details.policies) ? (details.policies as { reason?: unknown }[]) : [];
  const reasons = policies.flatMap(({ reason }) => (typeof reason === 'string' && reason !== '' ? [reason] : []));
  return [...new Set(reasons)].slice(0, 3).join('; ');
}

function StepResultRow({ result }: { result: StepResult }) {
  const tone = portTone(result.port);
  const details = result.details ?? {};
  const hasDetails = Object.keys(details).length > 0;
  return (
    <tr>
      <td>
        <span className="two-line">
          <span className="strong">{result.title || result.step}</span>
          <span className="muted">{stepKindLabel(result.kind)}</span>
        </span>
      </td>
      <td>
        {result.port ? (
          <Badge tone={tone} icon={toneIcon(tone)}>
            {portLabel(result.port)}
          </Badge>
        ) : null}
      </td>
      <td style={{ minWidth: 200 }}>
        {result.reason || policyReasons(details)}
        {hasDetails && (
          <details>
            <summary>Details</summary>
            <DetailsView value={details} />
          </details>
        )}
      </td>
      <td className="muted">
        <span className="two-line">
          <Timestamp at={result.recorded_at} />
          <span className="figure small">{formatDuration(result.duration_ms)}</span>
        </span>
      </td>
    </tr>
  );
}
