import { ThunderboltFilled } from '@kit/icons';
import { useLive } from '@client/live';
import { listFlows } from '@client/orchestration';
import { countOrders } from '@client/orders';
import { formatNumber } from '@kit/format';
import { StateStrip } from '@kit/StateStrip';
import { useQuery, useQueryClient } from '@tanstack/react-query';
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
    <StateStrip
      label="Orders by state"
      states={states}
      counts={counts.data?.states}
      failed={counts.error !== null}
      state={state}
      onSelect={onSelect}
    >
      <Link to="/my-work/runs" className="strip-item" data-tone="failed">
        <span className="strip-word">
          <span aria-hidden="true" className="strip-icon">
            <ThunderboltFilled />
          </span>
          Failed steps
        </span>
        <span className="strip-number">{failedSteps === undefined ? '—' : formatNumber(failedSteps)}</span>
      </Link>
    </StateStrip>
  );
}
