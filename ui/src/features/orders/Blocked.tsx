import type { OrderRow } from '@client/orders';
import { StopOutlined } from '@kit/icons';
import { formatExactInstant, formatSince } from '@kit/format';
import { Badge } from '@kit/states';
import { Tooltip } from 'antd';

type Blocked = NonNullable<OrderRow['blocked']>;

export const blockedText = ({ title, since, cause }: Blocked): string => `Blocked: ${title} is ${cause} since ${formatSince(since)}`;

/** Says in a list why an order does not continue. */
export function BlockedBadge({ blocked }: { blocked: Blocked }) {
  return (
    <Tooltip title={formatExactInstant(blocked.since)}>
      <span>
        <Badge tone={blocked.cause === 'paused' ? 'attention' : 'failed'} icon={<StopOutlined />}>
          {blockedText(blocked)}
        </Badge>
      </span>
    </Tooltip>
  );
}
