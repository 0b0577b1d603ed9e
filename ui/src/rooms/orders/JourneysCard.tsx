import type { Journey, StepResult } from '@client/orders';
import { DetailsView } from '@kit/DetailsView';
import { Loaded } from '@kit/feedback';
import { duration, When } from '@kit/figures';
import { ScrollX } from '@kit/ScrollX';
import { Section } from '@kit/layout';
import { Badge, inWords, StateTag, toneIcon } from '@kit/states';
import type { Tone } from '@kit/tokens';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from 'react-router';

export function JourneysCard({ answer }: { answer: UseQueryResult<Journey[]> }) {
  return (
    <Section title="Orchestration step results" flush>
      <Loaded answer={answer}>
        {(journeys) =>
          journeys.length === 0 ? (
            <p className="muted" style={{ padding: '0 var(--pad) 16px' }}>
              No flow has taken this order. <Link to="/flows">See which flows are active</Link> and what starts them.
            </p>
          ) : (
            <div>
              {journeys.map((journey) => (
                <JourneyView key={journey.id} journey={journey} />
              ))}
            </div>
          )
        }
      </Loaded>
    </Section>
  );
}

function JourneyView({ journey }: { journey: Journey }) {
  const { awaits } = journey;
  return (
    <div className="journey">
      <div className="journey-head">
        <Link to={`/flows/${encodeURIComponent(journey.flow)}`} className="strong">
          {journey.flow_title || journey.flow}
        </Link>
        <span className="muted">version {journey.version}</span>
        <StateTag state={journey.state} />
        {journey.step_title && (
          <span className="muted">
            at “{journey.step_title}”
            {journey.since && (
              <>
                {' '}
                since <When at={journey.since} />
              </>
            )}
          </span>
        )}
        {awaits.length > 0 && (
          <span className="muted">
            waiting for {awaits.join(' or ')}
            {journey.wake_at && (
              <>
                , until <When at={journey.wake_at} as="date" />
              </>
            )}
          </span>
        )}
      </div>
      {journey.error && (
        <p className="journey-error">
          {journey.error.what}
          {journey.error.why && <> ({journey.error.why})</>}
          {journey.error.remedy && <span className="muted"> — {journey.error.remedy}</span>}
        </p>
      )}
      <ScrollX label="Step results">
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
            {journey.results.map((result, index) => (
              <Step key={`${result.at} ${result.step} ${index}`} result={result} />
            ))}
          </tbody>
        </table>
      </ScrollX>
    </div>
  );
}

export function portTone(port: string): Tone {
  if (/fail|reject|expired|declin/.test(port)) return 'failed';
  if (/succeed|pass|happened|done|approved|joined|yes/.test(port)) return 'done';
  if (/timed|skip|wait/.test(port)) return 'attention';
  return 'neutral';
}

/** What the policies of a step said, when the step itself gave no reason. */
function verdicts(details: Record<string, unknown>): string {
  const policies = Array.isArray(details.policies) ? (details.policies as { reason?: unknown }[]) : [];
  const reasons = policies.flatMap(({ reason }) => (typeof reason === 'string' && reason !== '' ? [reason] : []));
  return [...new Set(reasons)].slice(0, 3).join('; ');
}

function Step({ result }: { result: StepResult }) {
  const tone = portTone(result.port);
  const details = result.details ?? {};
  const hasDetails = Object.keys(details).length > 0;
  return (
    <tr>
      <td>
        <span className="two-line">
          <span className="strong">{result.title || result.step}</span>
          <span className="muted">{inWords(result.kind)}</span>
        </span>
      </td>
      <td>
        {result.port ? (
          <Badge tone={tone} icon={toneIcon(tone)}>
            {inWords(result.port)}
          </Badge>
        ) : null}
      </td>
      <td style={{ minWidth: 200 }}>
        {result.reason || verdicts(details)}
        {hasDetails && (
          <details>
            <summary>Why</summary>
            <DetailsView value={details} />
          </details>
        )}
      </td>
      <td className="muted">
        <span className="two-line">
          <When at={result.at} />
          <span className="figure small">{duration(result.duration_ms)}</span>
        </span>
      </td>
    </tr>
  );
}
