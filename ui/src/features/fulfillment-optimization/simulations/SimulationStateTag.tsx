import type { SimulationRow } from '@client/sourcing';
import { Badge, StateTag } from '@kit/states';
import { stateWords } from './kpis';

/** Where a simulation stands; how far, while it runs. */
export function SimulationState({ row }: { row: Pick<SimulationRow, 'state' | 'runs' | 'runs_done'> }) {
  const state = stateWords[row.state];
  if (row.state === 'running')
    return (
      <Badge tone="progress">
        Run {Math.min(row.runs, row.runs_done + 1)} of {row.runs}
      </Badge>
    );
  return <StateTag state={row.state} label={state?.word} tone={state?.tone} />;
}
