import { type FlowDetail, listRuns, type StepCounts } from '@client/orchestration';
import { DetailsView } from '@kit/DetailsView';
import { QueryContent } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { DescriptionList } from '@kit/layout';
import { StateTag } from '@kit/states';
import { portLabel, stepKindLabel } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Drawer } from 'antd';
import { Link } from 'react-router';
import { RunErrorText } from './RunErrorText';
import { subjectPath } from './subjectPath';

const fieldsShownElsewhere = new Set(['id', 'kind', 'title', 'to']);

/** The settings of a step, without those shown elsewhere in the drawer. */
export function stepSettings(document: Record<string, unknown>, id: string): Record<string, unknown> {
  const steps = (document.steps ?? []) as Record<string, unknown>[];
  const stepDocument = steps.find((step) => step.id === id) ?? {};
  return Object.fromEntries(Object.entries(stepDocument).filter(([key]) => !fieldsShownElsewhere.has(key)));
}

export function StepDrawer({
  flow,
  step: id,
  counts,
  onClose,
}: {
  flow: FlowDetail;
  step: string;
  counts: StepCounts | undefined;
  onClose: () => void;
}) {
  const step = flow.steps.find((item) => item.id === id);
  if (!step) return null;
  const settings = stepSettings(flow.document, id);
  const titles = new Map(flow.steps.map((entry) => [entry.id, entry.title || entry.id]));
  return (
    <Drawer open onClose={onClose} size={460} mask={false} title={step.title || step.id}>
      <div className="stack">
        <DescriptionList
          columns={2}
          items={[
            ['Kind', stepKindLabel(step.kind)],
            ['Name', <code key="id">{step.id}</code>],
            ['Ready', counts && formatNumber(counts.ready)],
            ['Waiting', counts && formatNumber(counts.waiting)],
            ['Failed', counts && formatNumber(counts.failed)],
            ['Passed in 24 h', counts && formatNumber(counts.passed_24h)],
          ]}
        />
        {Object.keys(settings).length > 0 && (
          <section>
            <h3 className="small muted">Settings</h3>
            <DetailsView value={settings} />
          </section>
        )}
        {step.ports.length > 0 && (
          <section>
            <h3 className="small muted">Next steps</h3>
            <DescriptionList
              items={step.ports.map((port) => {
                const to = step.to[port];
                return [
                  portLabel(port),
                  to === undefined ? (
                    <span key={port} className="muted">
                      Stops for manual action
                    </span>
                  ) : (
                    (titles.get(to) ?? to)
                  ),
                ] as const;
              })}
            />
          </section>
        )}
        <RunsAtStep flow={flow.name} step={id} />
      </div>
    </Drawer>
  );
}

const RUN_LIMIT = 200;

/** Runs at a step, failed ones first. */
function RunsAtStep({ flow, step }: { flow: string; step: string }) {
  const runs = useQuery({
    queryKey: ['runs', 'at-step', flow],
    queryFn: async ({ signal }) => {
      const pages = await Promise.all((['failed', 'running'] as const).map((state) => listRuns({ flow, state, limit: RUN_LIMIT }, signal)));
      return { items: pages.flatMap((page) => page.items), more: pages.some((page) => Boolean(page.next)) };
    },
  });
  return (
    <section>
      <h3 className="small muted">Runs at this step</h3>
      <QueryContent query={runs}>
        {({ items, more }) => {
          const runsHere = items.filter((run) => run.step === step);
          if (runsHere.length === 0)
            return <p className="muted">{more ? `None of the newest ${RUN_LIMIT} runs is at this step.` : 'No runs at this step.'}</p>;
          return (
            <ul className="runs-at-step">
              {runsHere.slice(0, 50).map((run) => {
                const path = subjectPath(run);
                return (
                  <li key={run.id}>
                    <span className="row between">
                      {path ? (
                        <Link className="strong" to={path}>
                          {run.subject_label}
                        </Link>
                      ) : (
                        <span className="strong">{run.subject_label}</span>
                      )}
                      <span className="row">
                        <StateTag state={run.state} />
                        <span className="muted">
                          <Timestamp at={run.since} />
                        </span>
                      </span>
                    </span>
                    {run.error && <RunErrorText error={run.error} />}
                  </li>
                );
              })}
              {runsHere.length > 50 && (
                <li>
                  <Link to={`/my-work/runs?flow=${encodeURIComponent(flow)}`}>View all runs of this flow</Link>
                </li>
              )}
            </ul>
          );
        }}
      </QueryContent>
    </section>
  );
}
