import { ThunderboltFilled } from '@kit/icons';
import { useLive } from '@client/live';
import { listFlows } from '@client/orchestration';
import { countOrders } from '@client/orders';
import { formatNumber } from '@kit/format';
import { toneIcon } from '@kit/states';
import { stateLabel, stateTone } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { Link } from 'react-router';

const states = ['new', 'on_hold', 'in_progress', 'fulfillment_in_process', 'completed', 'canceled'];

/** Order counts by state; each filters the list. */
export function StatusStrip({ state, onSelect }: { state: string | undefined; onSelect: (state: string | undefined) => void }) {
  const queryClient = useQueryClient();
  const counts = useQuery({ queryKey: ['orders', 'counts'], queryFn: countOrders });
  const flows = useQuery({ queryKey: ['flows'], queryFn: listFlows });
  const failedSteps = flows.data?.reduce((sum, flow) => sum + flow.failed, 0);
  useLive((changes) => {
    if (!changes.some((change) => change.subject_type === 'order')) return;
    void queryClient.invalidateQueries({ queryKey: ['orders', 'counts'] });
    void queryClient.invalidateQueries({ queryKey: ['flows'] });
  }, 3000);
  return (
    <div className="strip" role="group" aria-label="Orders by state">
      {states.map((name) => (
        <button
          key={name}
          type="button"
          className="strip-item"
          data-tone={stateTone(name)}
          aria-pressed={state === name}
          onClick={() => onSelect(state === name ? undefined : name)}
        >
          <span className="strip-word">
            <span aria-hidden="true" className="strip-icon">
              {toneIcon(stateTone(name))}
            </span>
            {stateLabel(name)}
          </span>
          <span className="strip-number">
            {counts.data ? formatNumber(counts.data.states[name] ?? 0) : counts.error ? '—' : <Skeleton.Button active size="small" />}
          </span>
        </button>
      ))}
      <Link to="/my-work/runs" className="strip-item" data-tone="failed">
        <span className="strip-word">
          <span aria-hidden="true" className="strip-icon">
            <ThunderboltFilled />
          </span>
          Failed steps
        </span>
        <span className="strip-number">{failedSteps === undefined ? '—' : formatNumber(failedSteps)}</span>
      </Link>
    </div>
  );
}
