import { PauseCircleFilled } from '@kit/icons';
import type { OrderRow } from '@client/orders';
import { Money, whole, When } from '@kit/format';
import type { ListColumn } from '@kit/list';
import { Badge, StateTag, stateWord } from '@kit/states';
import { Tooltip } from 'antd';
import { Link } from 'react-router';

export const place = (row: Pick<OrderRow, 'ship_to_city' | 'ship_to_state' | 'ship_to_country'>): string =>
  [row.ship_to_city, row.ship_to_state, row.ship_to_country].filter(Boolean).join(', ');

function Place(row: OrderRow) {
  const shown = place(row);
  return shown ? (
    <span className="clip" title={shown}>
      {shown}
    </span>
  ) : (
    <span className="muted">—</span>
  );
}

export const orderColumns: readonly ListColumn<OrderRow>[] = [
  {
    key: 'number',
    title: 'Order',
    fixed: true,
    text: (row) => row.number,
    render: (row) => (
      <Link to={`/orders/${row.id}`} className="strong figure">
        {row.number}
      </Link>
    ),
  },
  {
    key: 'customer',
    title: 'Customer',
    text: (row) => row.customer_name,
    render: (row) => row.customer_name || <span className="muted">No name</span>,
  },
  {
    key: 'state',
    title: 'State',
    fixed: true,
    text: (row) => stateWord(row.state),
    render: (row) => (
      <span className="row" style={{ flexWrap: 'nowrap' }}>
        <StateTag state={row.state} />
        {row.held && row.state !== 'on_hold' && (
          <Badge tone="attention" icon={<PauseCircleFilled />}>
            Held
          </Badge>
        )}
      </span>
    ),
  },
  {
    key: 'reason',
    title: 'Reason',
    text: (row) => row.state_reason,
    render: (row) => (
      <Tooltip title={row.state_reason.length > 20 ? row.state_reason : ''}>
        <span className="clip muted">{row.state_reason}</span>
      </Tooltip>
    ),
  },
  {
    key: 'total',
    title: 'Total',
    align: 'right',
    text: (row) => row.total_amount,
    render: (row) => <Money amount={row.total_amount} currency={row.currency} />,
  },
  { key: 'currency', title: 'Currency', extra: true, text: (row) => row.currency, render: (row) => row.currency },
  {
    key: 'lines',
    title: 'Lines',
    align: 'right',
    text: (row) => row.line_count,
    render: (row) => <span className="figure">{whole(row.line_count)}</span>,
  },
  { key: 'ship_to', title: 'Ship to', text: place, render: Place },
  {
    key: 'sources',
    title: 'Sources',
    text: (row) => row.sources.join(' '),
    render: (row) => (row.sources.length > 0 ? row.sources.join(', ') : <span className="muted">Not sourced</span>),
  },
  { key: 'placed', title: 'Placed', text: (row) => row.placed_at, render: (row) => <When at={row.placed_at} /> },
  { key: 'instance', title: 'Channel', extra: true, text: (row) => row.instance, render: (row) => row.instance },
  { key: 'origin', title: 'Origin', extra: true, text: (row) => row.origin, render: (row) => row.origin },
  { key: 'created', title: 'Received', extra: true, text: (row) => row.created_at, render: (row) => <When at={row.created_at} /> },
];
