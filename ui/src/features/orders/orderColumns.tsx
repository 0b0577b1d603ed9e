import { PauseCircleFilled } from '@kit/icons';
import type { OrderRow } from '@client/orders';
import { Money, formatNumber, Timestamp } from '@kit/format';
import type { ListColumn } from '@kit/list';
import { Badge, StateTag } from '@kit/states';
import { orderColumnTitles, reasonLabel, stateLabel } from '@vocabulary';
import { Tooltip } from 'antd';
import { Link } from 'react-router';
import { BlockedBadge, blockedText } from './Blocked';

export const shipToLabel = (row: Pick<OrderRow, 'ship_to_city' | 'ship_to_state' | 'ship_to_country'>): string =>
  [row.ship_to_city, row.ship_to_state, row.ship_to_country].filter(Boolean).join(', ');

function ShipToCell(row: OrderRow) {
  const label = shipToLabel(row);
  return label ? (
    <span className="clip" title={label}>
      {label}
    </span>
  ) : (
    <span className="muted">—</span>
  );
}

const renderedColumns: readonly ListColumn<OrderRow>[] = [
  {
    id: 'number',
    sortKey: 'number',
    title: 'Order',
    alwaysShown: true,
    exportValue: (row) => row.number,
    cell: (row) => (
      <span className="two-line">
        <Link to={`/orders/${row.id}`} className="strong figure">
          {row.number}
        </Link>
        {row.tags.length > 0 && (
          <span className="clip muted small" title={row.tags.join(', ')}>
            {row.tags.join(', ')}
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'customer',
    sortKey: 'customer',
    title: 'Customer',
    exportValue: (row) => row.customer_name,
    cell: (row) => row.customer_name || <span className="muted">No name</span>,
  },
  {
    id: 'state',
    title: 'State',
    alwaysShown: true,
    exportValue: (row) => (row.blocked ? `${stateLabel(row.state)}. ${blockedText(row.blocked)}` : stateLabel(row.state)),
    cell: (row) => (
      <span className="two-line" style={{ gap: 3 }}>
        <span className="row" style={{ flexWrap: 'nowrap' }}>
          <StateTag state={row.state} />
          {row.manual_hold && row.state !== 'on_hold' && (
            <Badge tone="attention" icon={<PauseCircleFilled />}>
              On hold
            </Badge>
          )}
        </span>
        {row.blocked && <BlockedBadge blocked={row.blocked} />}
      </span>
    ),
  },
  {
    id: 'reason',
    title: 'Reason',
    exportValue: (row) => reasonLabel(row.state_reason),
    cell: (row) => (
      <Tooltip title={row.state_reason.length > 20 ? row.state_reason : ''}>
        <span className="clip muted">{reasonLabel(row.state_reason)}</span>
      </Tooltip>
    ),
  },
  {
    id: 'total',
    sortKey: 'total',
    sortDescendingFirst: true,
    title: 'Total',
    align: 'right',
    exportValue: (row) => row.total_amount,
    cell: (row) => <Money amount={row.total_amount} currency={row.currency} />,
  },
  { id: 'currency', title: 'Currency', hiddenByDefault: true, exportValue: (row) => row.currency, cell: (row) => row.currency },
  {
    id: 'lines',
    title: 'Lines',
    align: 'right',
    exportValue: (row) => row.line_count,
    cell: (row) => <span className="figure">{formatNumber(row.line_count)}</span>,
  },
  { id: 'tags', title: 'Tags', hiddenByDefault: true, exportValue: (row) => row.tags.join(', '), cell: (row) => row.tags.join(', ') },
  { id: 'ship_to', title: 'Ship to', exportValue: shipToLabel, cell: ShipToCell },
  {
    id: 'sources',
    title: 'Sources',
    exportValue: (row) => row.sources.join(' '),
    cell: (row) => (row.sources.length > 0 ? row.sources.join(', ') : <span className="muted">Not sourced</span>),
  },
  {
    id: 'placed',
    sortKey: 'placed',
    sortDescendingFirst: true,
    title: 'Placed',
    exportValue: (row) => row.placed_at,
    cell: (row) => <Timestamp at={row.placed_at} />,
  },
  { id: 'instance', title: 'Channel', hiddenByDefault: true, exportValue: (row) => row.instance, cell: (row) => row.instance },
  { id: 'origin', title: 'Origin', hiddenByDefault: true, exportValue: (row) => row.origin, cell: (row) => row.origin },
  {
    id: 'created',
    sortKey: 'received',
    sortDescendingFirst: true,
    title: 'Received',
    hiddenByDefault: true,
    exportValue: (row) => row.created_at,
    cell: (row) => <Timestamp at={row.created_at} />,
  },
];

/** A column that the server describes; it shows the text of a field of the row and is hidden by default. */
function textColumn([name, title]: [name: string, title: string]): ListColumn<OrderRow> {
  const text = (row: OrderRow): string => {
    const value = row[name as keyof OrderRow];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  return { id: name, title, hiddenByDefault: true, exportValue: text, cell: text };
}

/** The columns of the orders list: those rendered here, then the text columns that the server describes. */
export const orderColumns = (): ListColumn<OrderRow>[] => [...renderedColumns, ...orderColumnTitles().map(textColumn)];
