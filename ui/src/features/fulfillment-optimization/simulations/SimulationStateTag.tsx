import type { SimulationRow } from '@client/sourcing';
import { Badge, StateTag } from '@kit/states';
import { simulationStates } from './kpis';

/** The state of a simulation; while running, its progress. */
export function SimulationStateTag({ row }: { row: Pick<SimulationRow, 'state' | 'runs' | 'runs_done'> }) {
  const state = simulationStates[row.state];
  if (row.state === 'running')
    return (
      <Badge tone="progress">
        Run {Math.min(row.runs, row.runs_done + 1)} of {row.runs}
      </Badge>
    );
  return <StateTag state={row.state} label={state?.label} tone={state?.tone} />;
}
