import type { SimulationView } from '@client/sourcing';
import { formatNumber, Timestamp } from '@kit/format';
import { Card, DescriptionList } from '@kit/layout';
import { Link } from 'react-router';
import { formatDecimal } from '../labels';
import { describeChanges } from './describeChanges';

/** The demand, strategy and changes that a simulation was started with. */
export function SimulationSettings({ view }: { view: SimulationView }) {
  const { demand } = view.request;
  return (
    <Card title="Settings">
      <div className="stack">
        <DescriptionList
          columns={3}
          items={[
            ['Demand', demand.kind === 'past' ? 'Past orders' : 'Forecast from past orders'],
            ['Days', `${demand.from} to ${demand.to}`],
            ['Multiplier', `× ${formatDecimal(demand.multiplier)}`],
            ['Based on', `${formatNumber(view.basis_orders)} orders, ${formatNumber(view.basis_lines)} lines`],
            ['Strategy', view.request.strategy === '' ? 'Default strategy' : view.request.strategy],
            ['Stock', `Scheduled supply${view.request.replenish_days ? `, replenished every ${view.request.replenish_days} days` : ''}`],
            ['Runs', `${view.runs}, seed ${view.request.seed}`],
            ['Created', <Timestamp key="at" at={view.created_at} />],
            [
              'Duration',
              view.started_at &&
                view.finished_at &&
                `${formatDecimal((Date.parse(view.finished_at) - Date.parse(view.started_at)) / 1000)} s`,
            ],
            ['Committed', view.committed_at && <Timestamp key="done" at={view.committed_at} />],
            ['Committed by', view.committed_by],
            [
              'Cloned from',
              view.cloned_from && (
                <Link key="from" to={`/simulations/${view.cloned_from}`}>
                  View original
                </Link>
              ),
            ],
          ]}
        />
        <div>
          <p className="strong">Changes</p>
          <ul>
            {describeChanges(view.request.changes).map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </div>
      </div>
    </Card>
  );
}
