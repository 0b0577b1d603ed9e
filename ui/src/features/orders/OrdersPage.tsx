import { PlusOutlined, ShoppingCartOutlined } from '@kit/icons';
import { listUsedTags, usedTagsKey } from '@client/collaboration';
import { isAttentionChange } from '@client/attention';
import { listSources } from '@client/inventory';
import { actOnMatchingOrders, countMatchingOrders, listOrders, type OrderAction, type OrderRow } from '@client/orders';
import { listInstances } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import {
  BulkActionBar,
  toOptions,
  ExportButton,
  type Filter,
  FilterBar,
  knownSort,
  ListView,
  type MatchingRows,
  type RowsDialog,
  sortsBy,
  useColumns,
  usePagedList,
  useUrlFilters,
} from '@kit/list';
import { stateLabel } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { lazy, useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { orderColumns } from './orderColumns';
import './orders.css';
import { ParkedMatches } from './ParkedMatches';
import { StatusStrip } from './StatusStrip';
import { groupActions, orderActions } from './orderActions';

const ChangeManyDialog = lazy(() => import('./change/ChangeManyDialog'));
const dialogs: readonly RowsDialog[] = [{ label: 'Change…', render: (props) => <ChangeManyDialog {...props} /> }];

const keys = [
  'search',
  'state',
  'instance',
  'origin',
  'source',
  'product',
  'tag',
  'waiting_for',
  'manual_hold',
  'late',
  'source_changed',
  'placed_from',
  'placed_to',
  'sort',
] as const;
type Values = Partial<Record<(typeof keys)[number], string>>;
const sorts = sortsBy('received', 'placed', 'total', 'number', 'customer');
const states = ['new', 'on_hold', 'in_progress', 'fulfillment_in_process', 'completed', 'canceled'];
const allActions = [...Object.values(orderActions), ...groupActions];
const noun = ['order', 'orders'] as const;
const rowId = (row: OrderRow): string => row.id;

/** The parameters of the address as a query of the API. */
const toQuery = (values: Values) => ({
  ...values,
  manual_hold: values.manual_hold === 'true' ? true : undefined,
  late: values.late === 'true' ? true : undefined,
  source_changed: values.source_changed === 'true' ? true : undefined,
  sort: knownSort(sorts, values.sort),
});

/** Actions on all orders that match, carried out by the server in portions. */
const matchingOrders = (query: ReturnType<typeof toQuery>): MatchingRows => ({
  count: (signal) => countMatchingOrders(query, signal),
  act: async (action, reason, after) => {
    const portion = await actOnMatchingOrders(action.name as OrderAction, query, reason, after);
    return {
      ...portion,
      refused: portion.refused.map(({ reason: refusal, count, orders }) => ({
        reason: refusal,
        count,
        rows: orders.map((order) => ({ id: order.id, label: order.number })),
      })),
    };
  },
});

function useOrderFilters(): Filter[] {
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const installed = (instances.data ?? []).map((instance) => ({ value: instance.name, label: instance.title || instance.name }));
  const tags = useQuery({ queryKey: usedTagsKey, queryFn: listUsedTags });
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  return [
    { key: 'state', label: 'State', kind: 'choice', options: toOptions(states, stateLabel) },
    { key: 'manual_hold', label: 'On hold', kind: 'flag' },
    { key: 'late', label: 'Late', kind: 'flag' },
    { key: 'source_changed', label: 'Changed too late', kind: 'flag' },
    {
      key: 'instance',
      label: 'Channel',
      kind: 'choice',
      options: installed,
    },
    { key: 'waiting_for', label: 'Waiting for', kind: 'choice', options: installed },
    {
      key: 'source',
      label: 'Source',
      kind: 'choice',
      options: (sources.data ?? []).map((source) => ({ value: source.name, label: source.title || source.name })),
    },
    { key: 'tag', label: 'Tag', kind: 'choice', options: (tags.data ?? []).map(({ tag }) => ({ value: tag, label: tag })) },
    { key: 'product', label: 'Product', kind: 'text' },
    { key: 'origin', label: 'Origin', kind: 'text' },
    { key: 'placed_from', label: 'Placed from', kind: 'date' },
    { key: 'placed_to', label: 'Placed to', kind: 'date' },
  ];
}

export default function OrdersPage() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const filters = useOrderFilters();
  const columns = useMemo(() => orderColumns(), []);
  const { visibleColumns, columnChooser } = useColumns('orders', columns);
  const [selected, setSelected] = useState<string[]>([]);
  const query = useMemo(() => toQuery(values), [values]);
  const list = usePagedList({
    name: 'orders',
    query,
    fetch: listOrders,
    rowId,
    isRelevant: (item) => item.subject_type === 'order' || isAttentionChange(item),
  });

  const isFiltered = Object.keys(values).some((key) => key !== 'sort');
  const selectedRows = list.rows.filter((row) => selected.includes(row.id)).map((row) => ({ id: row.id, label: row.number }));
  const toolbar = (
    <BulkActionBar
      selectedRows={selectedRows}
      noun={noun}
      actions={allActions}
      dialogs={dialogs}
      onClear={() => setSelected([])}
      onDone={() => {
        list.reload();
        for (const queryKey of [['flows'], usedTagsKey]) void queryClient.invalidateQueries({ queryKey });
      }}
      matching={(list.next ?? list.previous) ? matchingOrders(query) : undefined}
    >
      <FilterBar
        search="Part of number, name, email, city or phone"
        views={{ list: 'orders', keys: ['sort'], count: (parameters, signal) => countMatchingOrders(toQuery(parameters), signal) }}
        filters={filters}
        values={values}
        onChange={change}
        extra={
          <>
            {columnChooser}
            <ExportButton name="orders" columns={visibleColumns} fetch={(page, signal) => listOrders({ ...query, ...page }, signal)} />
          </>
        }
      />
    </BulkActionBar>
  );

  return (
    <Page
      title="Sales orders"
      actions={
        <Button icon={<PlusOutlined />} onClick={() => void navigate('/orders/new')}>
          New order
        </Button>
      }
    >
      <StatusStrip state={values.state} onSelect={(state) => change({ state })} />
      <ParkedMatches search={values.search} />
      <ListView
        label="Sales orders"
        list={list}
        columns={visibleColumns}
        rowId={rowId}
        rowName={(row) => row.number}
        noun={noun}
        sort={{
          key: values.sort ?? ((values.placed_from ?? values.placed_to) ? '-placed' : '-received'),
          reversible: true,
          onChange: (sort) => change({ sort }),
        }}
        toolbar={toolbar}
        selection={{ ids: selectedRows.map((entry) => entry.id), onChange: setSelected }}
        onOpen={(row) => void navigate(`/orders/${row.id}`)}
        empty={
          isFiltered ? (
            <EmptyState
              icon={<ShoppingCartOutlined />}
              title="No matching orders"
              action={<Button onClick={() => change(Object.fromEntries(keys.map((key) => [key, undefined])))}>Clear filters</Button>}
            >
              No orders match these filters. Remove a filter or search by order number.
            </EmptyState>
          ) : (
            <EmptyState
              icon={<ShoppingCartOutlined />}
              title="No orders yet"
              action={<Link to="/providers">View installed providers</Link>}
            >
              Orders from your stores and marketplaces appear here. Connect a provider to import orders.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
