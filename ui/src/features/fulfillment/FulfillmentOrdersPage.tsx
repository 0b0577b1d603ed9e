import { CarOutlined } from '@kit/icons';
import { type FulfillmentOrderRow, listFulfillmentOrders } from '@client/fulfillment';
import { listSources } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { CalendarDate, formatQuantity, Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import {
  countFirstPage,
  matchingByPage,
  BulkActionBar,
  ExportButton,
  FilterBar,
  knownSort,
  type ListColumn,
  ListView,
  sortsBy,
  toOptions,
  useColumns,
  usePagedList,
  useUrlFilters,
} from '@kit/list';
import { StateTag } from '@kit/states';
import { reasonBesideState, reasonLabel, stateLabel } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { fulfillmentActions } from './fulfillmentActions';

const filterKeys = ['search', 'state', 'source', 'recall', 'to_be_sourced'] as const;
const keys = [...filterKeys, 'sort'] as const;
const sorts = sortsBy('created', 'number', 'source', 'planned');
const noun = ['fulfillment order', 'fulfillment orders'] as const;
const recalls = [
  { value: 'requested', label: 'Requested' },
  { value: 'refused', label: 'Refused' },
];
const states = [
  'new',
  'sent',
  'accepted',
  'picked',
  'packed',
  'partially_shipped',
  'shipped',
  'delivered',
  'declined',
  'canceled',
  'closed',
];
const rowId = (row: FulfillmentOrderRow): string => row.id;

/** The parameters of the address as a query of the API. */
const toQuery = (values: Partial<Record<string, string>>) => ({
  ...values,
  to_be_sourced: values.to_be_sourced === 'true' ? true : undefined,
  sort: knownSort(sorts, values.sort),
});

const columns: readonly ListColumn<FulfillmentOrderRow>[] = [
  {
    id: 'number',
    title: 'Fulfillment order',
    alwaysShown: true,
    sortKey: 'number',
    exportValue: (row) => row.number,
    cell: (row) => (
      <Link className="strong figure" to={`/fulfillment-orders/${row.id}`}>
        {row.number}
      </Link>
    ),
  },
  {
    id: 'order',
    title: 'Order',
    exportValue: (row) => row.order_number,
    cell: (row) => <Link to={`/orders/${row.order_id}`}>{row.order_number}</Link>,
  },
  {
    id: 'state',
    title: 'State',
    alwaysShown: true,
    exportValue: (row) => stateLabel(row.state),
    cell: (row) => <StateTag state={row.state} />,
  },
  {
    id: 'reason',
    title: 'Reason',
    exportValue: (row) => reasonLabel(row.state_reason),
    cell: (row) => <span className="muted">{reasonBesideState(row.state, row.state_reason)}</span>,
  },
  { id: 'source', title: 'Source', sortKey: 'source', exportValue: (row) => row.source, cell: (row) => row.source },
  {
    id: 'planned',
    title: 'Ship by',
    hint: 'The day its source plans to hand it to the carrier',
    sortKey: 'planned',
    exportValue: (row) => row.planned_ship_date ?? '',
    cell: (row) => (row.planned_ship_date === null ? <span className="muted">—</span> : <CalendarDate date={row.planned_ship_date} />),
  },
  {
    id: 'shipped',
    title: 'Shipped',
    align: 'right',
    exportValue: (row) => row.shipped_units,
    cell: (row) => (
      <span className="figure">
        {formatQuantity(row.shipped_units)} <span className="muted">of {formatQuantity(row.units)}</span>
      </span>
    ),
  },
  { id: 'customer', title: 'Customer', exportValue: (row) => row.customer_name, cell: (row) => row.customer_name },
  { id: 'city', title: 'Ship to', exportValue: (row) => row.ship_to_city, cell: (row) => row.ship_to_city },
  {
    id: 'created',
    title: 'Created',
    sortKey: 'created',
    sortDescendingFirst: true,
    exportValue: (row) => row.created_at,
    cell: (row) => <Timestamp at={row.created_at} />,
  },
  {
    id: 'sent',
    title: 'Sent',
    hiddenByDefault: true,
    exportValue: (row) => row.sent_at ?? '',
    cell: (row) => <Timestamp at={row.sent_at} emptyText="Not yet" />,
  },
  {
    id: 'external',
    title: 'External number',
    exportValue: (row) => row.external_id,
    cell: (row) => row.external_id || <span className="muted">—</span>,
  },
];

export default function FulfillmentOrdersPage() {
  const navigate = useNavigate();
  const [selected, setSelected] = useState<string[]>([]);
  const [values, change] = useUrlFilters(keys);
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const { visibleColumns, columnChooser } = useColumns('fulfillment-orders', columns);
  const query = useMemo(() => toQuery(values), [values]);
  const list = usePagedList({
    name: 'fulfillment-orders',
    query,
    fetch: listFulfillmentOrders,
    rowId,
    isRelevant: (change) => change.subject_type === 'fulfillment_order' || change.subject_type === 'shipment',
  });
  const fetchPage = (page: { after?: string; limit: number }, signal?: AbortSignal) => listFulfillmentOrders({ ...query, ...page }, signal);
  const isFiltered = filterKeys.some((key) => values[key] !== undefined);
  const selectedRows = list.rows.filter((row) => selected.includes(row.id)).map((row) => ({ id: row.id, label: row.number }));
  return (
    <Page title="Fulfillment orders" description="The part of an order that one warehouse, store or 3PL ships.">
      <ListView
        label="Fulfillment orders"
        list={list}
        columns={visibleColumns}
        rowId={rowId}
        rowName={(row) => row.number}
        noun={noun}
        sort={{ key: query.sort ?? '-created', reversible: true, onChange: (sort) => change({ sort }) }}
        selection={{ ids: selectedRows.map((entry) => entry.id), onChange: setSelected }}
        onOpen={(row) => void navigate(`/fulfillment-orders/${row.id}`)}
        toolbar={
          <BulkActionBar
            selectedRows={selectedRows}
            noun={noun}
            actions={Object.values(fulfillmentActions)}
            onClear={() => setSelected([])}
            onDone={list.reload}
            matching={(list.next ?? list.previous) ? matchingByPage(fetchPage, rowId, (row) => row.number) : undefined}
          >
            <FilterBar
              search="Number, order, tracking or reference"
              views={{
                list: 'fulfillment-orders',
                keys: ['sort'],
                count: (parameters, signal) => countFirstPage((page) => listFulfillmentOrders({ ...toQuery(parameters), ...page }, signal)),
              }}
              filters={[
                { key: 'state', label: 'State', kind: 'choice', options: toOptions(states, stateLabel) },
                { key: 'to_be_sourced', label: 'Declined, without a source', kind: 'flag' },
                { key: 'recall', label: 'Recall', kind: 'choice', options: recalls },
                {
                  key: 'source',
                  label: 'Source',
                  kind: 'choice',
                  options: (sources.data ?? []).map((source) => ({ value: source.name, label: source.title || source.name })),
                },
              ]}
              values={values}
              onChange={change}
              extra={
                <>
                  {columnChooser}
                  <ExportButton name="fulfillment-orders" columns={visibleColumns} fetch={fetchPage} />
                </>
              }
            />
          </BulkActionBar>
        }
        empty={
          isFiltered ? (
            <EmptyState
              icon={<CarOutlined />}
              title="No matching fulfillment orders"
              action={<Button onClick={() => change(Object.fromEntries(filterKeys.map((key) => [key, undefined])))}>Clear filters</Button>}
            >
              No results match these filters.
            </EmptyState>
          ) : (
            <EmptyState icon={<CarOutlined />} title="No fulfillment orders yet" action={<Link to="/orders">Go to sales orders</Link>}>
              Fulfillment orders are created when orders are sourced.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
