import { getSimulation, type SimulationView } from '@client/sourcing';
import { ExplainedButton } from '@kit/ExplainedButton';
import { QueryContent } from '@kit/feedback';
import { LeftOutlined } from '@kit/icons';
import { Card, Page } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { CommitDialog } from './CommitDialog';
import { simulationTemplates } from './kpis';
import { SimulationResults } from './SimulationResults';
import { SimulationSettings } from './SimulationSettings';
import { SimulationStateTag } from './SimulationStateTag';
import '../optimization.css';

/** A simulation with its progress, results and commit. */
export default function SimulationPage() {
  const { id = '' } = useParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [committing, setCommitting] = useState(false);
  const canSimulate = usePermission('sourcing.write');
  const canConfigure = usePermission('configuration.write');
  const detailQuery = useQuery({
    queryKey: ['simulations', 'one', id],
    queryFn: () => getSimulation(id),
    refetchInterval: (query) => (['waiting', 'running'].includes(query.state.data?.state ?? '') ? 1000 : false),
  });
  const simulation = detailQuery.data;
  const commitDisabledReason = reasonNotToCommit(simulation, canConfigure);
  return (
    <Page
      title={simulation?.name ?? 'Simulation'}
      breadcrumb={
        <Link className="crumb" to="/simulations">
          <LeftOutlined /> Simulations
        </Link>
      }
      description={
        simulation && (
          <>
            {simulationTemplates[simulation.template]?.title} <SimulationStateTag row={simulation} /> {simulation.description}
          </>
        )
      }
      actions={
        simulation && (
          <>
            <ExplainedButton
              allowed={canSimulate}
              disabledReason="Your role may not run simulations"
              onClick={() => void navigate(`/simulations/new?clone=${id}`)}
            >
              Clone and change
            </ExplainedButton>
            <ExplainedButton
              type="primary"
              allowed={commitDisabledReason === ''}
              disabledReason={commitDisabledReason}
              onClick={() => setCommitting(true)}
            >
              Commit changes
            </ExplainedButton>
          </>
        )
      }
    >
      <QueryContent query={detailQuery} rows={12}>
        {(view) => (
          <>
            {(view.state === 'waiting' || view.state === 'running') && <Progress view={view} />}
            {view.state === 'failed' && (
              <div className="problem" role="alert">
                <div>
                  <p className="problem-what">The simulation failed</p>
                  <p>{view.error}</p>
                  <p>Clone the simulation, correct its settings and run it again.</p>
                </div>
              </div>
            )}
            {view.summary && <SimulationResults view={view} summary={view.summary} />}
            <SimulationSettings view={view} />
          </>
        )}
      </QueryContent>
      {committing && simulation && (
        <CommitDialog
          simulation={simulation}
          onClose={() => setCommitting(false)}
          onDone={() => {
            void queryClient.invalidateQueries({ queryKey: ['simulations'] });
            void queryClient.invalidateQueries({ queryKey: ['configuration'] });
            void queryClient.invalidateQueries({ queryKey: ['sources'] });
          }}
        />
      )}
    </Page>
  );
}

/** Why the changes cannot be committed now; empty if they can. */
function reasonNotToCommit(simulation: SimulationView | undefined, canConfigure: boolean): string {
  if (simulation === undefined) return 'Loading';
  if (simulation.state !== 'finished') return 'Only a finished simulation can be committed';
  if (simulation.committed_at) return 'Already committed';
  if (simulation.changed.every((item) => item.change === 'unchanged')) return 'No configuration changes to commit';
  return canConfigure ? '' : 'Your role may not change the configuration';
}

function Progress({ view }: { view: SimulationView }) {
  return (
    <Card title={view.state === 'waiting' ? 'Waiting for a worker' : 'Running'} extra={`${view.runs_done} of ${view.runs} runs`}>
      <div
        className="progress-line"
        role="progressbar"
        aria-label="Runs done"
        aria-valuemin={0}
        aria-valuemax={view.runs}
        aria-valuenow={view.runs_done}
      >
        <i style={{ width: `${view.progress * 100}%` }} />
      </div>
      <p className="muted small" style={{ marginTop: 8 }}>
        Each run sources the same days with the current configuration and with the changes. You can leave this page.
      </p>
    </Card>
  );
}
