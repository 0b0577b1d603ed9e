import type { Outage } from '@client/attention';
import { CloseCircleFilled } from '@kit/icons';
import { formatNumber, formatSince, formatExactInstant } from '@kit/format';
import { Tooltip } from 'antd';
import { Link } from 'react-router';

const MAX_SHOWN = 3;

/** The providers that are down, since when, and what waits for them. */
export function OutageBanner({ outages, limit, mayOpenProviders }: { outages: Outage[]; limit: number; mayOpenProviders: boolean }) {
  if (outages.length === 0) return null;
  const hidden = outages.length - MAX_SHOWN;
  return (
    <ul className="outages" role="alert" aria-label="Providers that are down">
      {outages.slice(0, MAX_SHOWN).map((outage) => (
        <li key={outage.instance}>
          <CloseCircleFilled aria-hidden="true" />
          <Tooltip title={`${outage.error ? `${outage.error} · ` : ''}${formatExactInstant(outage.since)}`}>
            <strong>
              {outage.title} is down since {formatSince(outage.since)}
            </strong>
          </Tooltip>
          <span>{waitingText(outage, limit)}</span>
          {outage.orders > 0 && <Link to={`/orders?waiting_for=${encodeURIComponent(outage.instance)}`}>View waiting orders</Link>}
          {mayOpenProviders && <Link to={`/providers/${encodeURIComponent(outage.instance)}`}>Open connection</Link>}
        </li>
      ))}
      {hidden > 0 && <li>{hidden === 1 ? 'One more provider is down' : `${hidden} more providers are down`}</li>}
    </ul>
  );
}

function waitingText({ orders, calls }: Outage, limit: number): string {
  if (calls === 0) return 'No order waits for it yet';
  const count = calls >= limit ? `At least ${formatNumber(orders)}` : formatNumber(orders);
  const callText = calls === orders ? '' : `, ${formatNumber(calls)} calls`;
  return `${count} ${orders === 1 ? 'order waits' : 'orders wait'}${callText}`;
}
