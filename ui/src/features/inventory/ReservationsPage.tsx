import { LockOutlined } from '@kit/icons';
import { listReservations, listSources, getOrderLines, getShape, releaseReservations, type ReservationRow } from '@client/inventory';
import { formatNumber, Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import { numberColumn, type ListColumn, stockFilters, usePagedList, useUrlFilters, type BulkAction, ActionableList } from '@kit/list';
import { Badge, StateTag, warningIcon } from '@kit/states';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Segmented } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import './inventory.css';
import { isStockEvent, measureTitle, systemTitle } from './labels';
import { StockDrawer } from './StockDrawer';
import { useStockDrawer } from './useStockDrawer';

const keys = ['search', 'product', 'source', 'state'] as const;
const states = [
  { value: 'open', label: 'Open' },
  { value: 'expiring', label: 'Expiring' },
  { value: 'shipped', label: 'Shipped' },
  { value: 'released', label: 'Released' },
  { value: 'all', label: 'All' },
] as const;
type State = (typeof states)[number]['value'];
const noun = ['reservation', 'reservations'] as const;
const rowId = (row: ReservationRow): string => String(row.id);
const rowName = (row: ReservationRow): string =>
  `${formatNumber(row.open)} ${row.product} at ${row.source}${row.document ? ` for ${row.document}` : ''}`;
const EXPIRES_SOON_MS = 3_600_000;

export const releaseAction: BulkAction = {
  name: 'release',
  label: 'Release',
  danger: true,
  reasonPlaceholder: 'For example: customer canceled by phone',
  reasonRequired: true,
  description:
    'The units become available to other orders. The order line keeps its source without a reservation: source it again or cancel it.',
  run: (ids, reason) => releaseReservations(ids, reason),
};

function ReservationExpiry({ at, open }: { at: string | null; open: boolean }) {
  const [now] = useState(() => Date.now());
  if (at === null) return <span className="muted">Never</span>;
  if (open && Date.parse(at) - now < EXPIRES_SOON_MS)
    return (
      <Badge tone="attention" icon={warningIcon}>
        <Timestamp at={at} />
      </Badge>
    );
  return <Timestamp at={at} format="date" />;
}

/** Stock reservations, and releasing them. */
export default function ReservationsPage() {
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const [stock, openStock] = useStockDrawer();
  const displaySchema = useQuery({ queryKey: ['inventory', 'shape'], queryFn: getShape });
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const state = (states.find((item) => item.value === values.state)?.value ?? 'open') satisfies State;
  const { search, product, source } = values;
  const query = useMemo(() => ({ state, search, product, source }), [state, search, product, source]);
  const list = usePagedList({
    name: 'reservations',
    query,
    fetch: listReservations,
    rowId,
    isRelevant: (entry) => isStockEvent(entry.name) || entry.name.startsWith('order.'),
  });
  const lineIds = list.rows.flatMap((row) => row.line_id ?? []);
  const lines = useQuery({
    queryKey: ['order-lines', lineIds],
    queryFn: () => getOrderLines(lineIds),
    enabled: lineIds.length > 0,
    placeholderData: (before) => before,
  });
  const refresh = (): void => {
    void queryClient.invalidateQueries({ queryKey: ['reservations'] });
    void queryClient.invalidateQueries({ queryKey: ['inventory'] });
    void queryClient.invalidateQueries({ queryKey: ['inventory-grid'] });
  };
  const columns: ListColumn<ReservationRow>[] = [
    {
      id: 'document',
      title: 'For',
      cell: (row) => {
        const line = row.line_id ? lines.data?.get(row.line_id) : undefined;
        if (line)
          return (
            <span className="two-line">
              <Link className="strong" to={`/orders/${line.order_id}`}>
                Order {line.order_number}
              </Link>
              <span className="muted">line {line.line_number}</span>
            </span>
          );
        return row.document || (row.line_id ? 'Order line' : <span className="muted">Not specified</span>);
      },
    },
    {
      id: 'product',
      title: 'Product',
      cell: (row) => (
        <span className="two-line">
          <button type="button" className="link-button" onClick={() => openStock({ id: row.stock_id, system: '' })}>
            {row.product}
          </button>
          {row.dimensions && <span className="muted">{row.dimensions.replaceAll(';', ', ')}</span>}
        </span>
      ),
    },
    { id: 'source', title: 'Source', cell: (row) => row.source },
    numberColumn('open', 'Reserved', (row) => row.open, true),
    numberColumn('quantity', 'Original quantity', (row) => row.quantity),
    { id: 'state', title: 'State', cell: (row) => <ReservationState row={row} /> },
    { id: 'at', title: 'Since', cell: (row) => <Timestamp at={row.created_at} /> },
    { id: 'expires', title: 'Expires', cell: (row) => <ReservationExpiry at={row.expires_at} open={row.open > 0} /> },
    {
      id: 'measure',
      title: 'Measure',
      cell: (row) =>
        `${systemTitle(displaySchema.data, row.data_source)} ${measureTitle(displaySchema.data, row.data_source, row.measure)}`,
    },
  ];
  return (
    <Page
      title="Reservations"
      description="Stock reserved for order lines and external requests. Reserved units cannot be promised until they ship, are released or expire."
    >
      <ActionableList
        label="Reservations"
        list={list}
        columns={columns}
        rowId={rowId}
        rowName={rowName}
        noun={noun}
        pagerLabels={state === 'expiring' ? ['Earlier', 'Later'] : undefined}
        actions={state === 'open' || state === 'expiring' ? () => [releaseAction] : undefined}
        isSelectable={(row) => row.open > 0}
        onDone={refresh}
        search="Order number or request"
        filters={stockFilters(sources.data)}
        values={values}
        onChange={change}
        extra={
          <Segmented
            aria-label="State"
            options={states.map((candidate) => ({ ...candidate }))}
            value={state}
            onChange={(next) => change({ state: next === 'open' ? undefined : next })}
          />
        }
        icon={<LockOutlined />}
        empty={emptyContent(state)}
        noMatch={{
          title: 'No matching reservations',
          description: 'No reservations match these filters. Select All to include shipped and released reservations.',
        }}
      />
      {stock && <StockDrawer key={stock.id} stock={stock} displaySchema={displaySchema.data} onClose={() => openStock(undefined)} />}
    </Page>
  );
}

function ReservationState({ row }: { row: ReservationRow }) {
  if (row.state === 'open') return <StateTag state="waiting" label="Open" tone="progress" />;
  if (row.state === 'shipped') return <StateTag state="shipped" label={row.released > 0 ? 'Partly shipped' : 'Shipped'} />;
  return <StateTag state="closed" label="Released" />;
}

const emptyContent = (state: State) =>
  state === 'expiring'
    ? {
        title: 'No expiring reservations',
        description: 'Reservations with an expiry, such as carts and quotes, appear here.',
        action: <Link to="/inventory/reservations">View open reservations</Link>,
      }
    : {
        title: 'No reservations',
        description: 'Stock is reserved when orders are sourced or through the API.',
        action: <Link to="/orders">Go to sales orders</Link>,
      };
