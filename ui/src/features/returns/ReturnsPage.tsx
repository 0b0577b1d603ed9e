import { countReturns, listReturns, type ReturnRow } from '@client/returns';
import { useLive } from '@client/live';
import { EmptyState } from '@kit/feedback';
import { CalendarDate, formatQuantity, Money, Timestamp } from '@kit/format';
import { RollbackOutlined } from '@kit/icons';
import { Page } from '@kit/layout';
import {
  BulkActionBar,
  countFirstPage,
  ExportButton,
  FilterBar,
  type ListColumn,
  ListView,
  matchingByPage,
  toOptions,
  useColumns,
  usePagedList,
  useUrlFilters,
} from '@kit/list';
import { StateStrip } from '@kit/StateStrip';
import { StateTag } from '@kit/states';
import { stateLabel } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { originLabels, outcomeLabels, paymentLabels, returnActions } from './returnActions';

const keys = ['search', 'state', 'outcome', 'origin', 'open_only', 'refund_due'] as const;
const noun = ['return', 'returns'] as const;
const states = ['requested', 'approved', 'in_transit', 'partially_received', 'received', 'inspected', 'closed', 'refused', 'canceled'];
const rowId = (row: ReturnRow): string => row.id;

const columns: readonly ListColumn<ReturnRow>[] = [
  {
    id: 'number',
    title: 'Return',
    alwaysShown: true,
    exportValue: (row) => row.number,
    cell: (row) => (
      <Link className="strong figure" to={`/returns/${row.id}`}>
        {row.number}
      </Link>
    ),
  },
  {
    id: 'order',
    title: 'Order',
    exportValue: (row) => row.order_number,
    cell: (row) =>
      row.order_id ? <Link to={`/orders/${row.order_id}`}>{row.order_number}</Link> : <span className="muted">Not matched</span>,
  },
  {
    id: 'state',
    title: 'State',
    alwaysShown: true,
    exportValue: (row) => stateLabel(row.state),
    cell: (row) => <StateTag state={row.state} />,
  },
  { id: 'customer', title: 'Customer', exportValue: (row) => row.customer_name, cell: (row) => row.customer_name },
  {
    id: 'outcome',
    title: 'Outcome',
    exportValue: (row) => outcomeLabels[row.outcome] ?? row.outcome,
    cell: (row) => outcomeLabels[row.outcome] ?? row.outcome,
  },
  {
    id: 'received',
    title: 'Received',
    align: 'right',
    exportValue: (row) => row.received_units,
    cell: (row) => (
      <span className="figure">
        {formatQuantity(row.received_units)} <span className="muted">of {formatQuantity(row.units)}</span>
      </span>
    ),
  },
  {
    id: 'refund',
    title: 'Refund',
    align: 'right',
    exportValue: (row) => row.refund_amount,
    cell: (row) =>
      row.refund_state ? (
        <span>
          <Money amount={row.refund_amount} currency={row.currency} />{' '}
          <span className="muted">{paymentLabels[row.refund_state]?.toLowerCase()}</span>
        </span>
      ) : (
        <span className="muted">—</span>
      ),
  },
  {
    id: 'deadline',
    title: 'Expected by',
    exportValue: (row) => row.deadline ?? '',
    cell: (row) => (row.deadline ? <CalendarDate date={row.deadline} /> : <span className="muted">—</span>),
  },
  {
    id: 'origin',
    title: 'Requested by',
    exportValue: (row) => originLabels[row.origin] ?? row.origin,
    cell: (row) => originLabels[row.origin] ?? row.origin,
  },
  { id: 'declared', title: 'Requested', exportValue: (row) => row.declared_at, cell: (row) => <Timestamp at={row.declared_at} /> },
];

/** Counts of returns by state; each filters the list. */
function ReturnStates({ state, onSelect }: { state: string | undefined; onSelect: (state: string | undefined) => void }) {
  const queryClient = useQueryClient();
  const counts = useQuery({ queryKey: ['returns', 'counts'], queryFn: countReturns });
  useLive((changes) => {
    if (changes.some((change) => change.subject_type === 'return_order'))
      void queryClient.invalidateQueries({ queryKey: ['returns', 'counts'] });
  }, 3000);
  return (
    <StateStrip
      label="Returns by state"
      states={states.slice(0, 6)}
      counts={counts.data?.states}
      failed={counts.error !== null}
      state={state}
      onSelect={onSelect}
    />
  );
}

export default function ReturnsPage() {
  const navigate = useNavigate();
  const [values, change] = useUrlFilters(keys);
  const [selected, setSelected] = useState<string[]>([]);
  const { visibleColumns, columnChooser } = useColumns('returns', columns);
  const query = useMemo(() => toQuery(values), [values]);
  const list = usePagedList({
    name: 'returns',
    query,
    fetch: listReturns,
    rowId,
    isRelevant: (item) => item.subject_type === 'return_order' || item.subject_type === 'return_line',
  });
  const fetchPage = (page: { after?: string; limit: number }, signal?: AbortSignal) => listReturns({ ...query, ...page }, signal);
  const selectedRows = list.rows.filter((row) => selected.includes(row.id)).map((row) => ({ id: row.id, label: row.number }));
  const isFiltered = Object.keys(values).length > 0;
  return (
    <Page
      title="Returns"
      description="Units that customers send back, what becomes of them, and what is refunded."
      actions={
        <Button type="primary" onClick={() => void navigate('/returns/receive')}>
          Receive returns
        </Button>
      }
    >
      <ReturnStates state={values.state} onSelect={(state) => change({ state })} />
      <ListView
        label="Returns"
        list={list}
        columns={visibleColumns}
        rowId={rowId}
        rowName={(row) => row.number}
        noun={noun}
        selection={{ ids: selectedRows.map((entry) => entry.id), onChange: setSelected }}
        onOpen={(row) => void navigate(`/returns/${row.id}`)}
        toolbar={
          <BulkActionBar
            selectedRows={selectedRows}
            noun={noun}
            actions={Object.values(returnActions)}
            onClear={() => setSelected([])}
            onDone={list.reload}
            matching={(list.next ?? list.previous) ? matchingByPage(fetchPage, rowId, (row) => row.number) : undefined}
          >
            <FilterBar
              search="Return, order, tracking number or customer"
              views={{
                list: 'returns',
                count: (parameters, signal) => countFirstPage((page) => listReturns({ ...toQuery(parameters), ...page }, signal)),
              }}
              filters={[
                { key: 'state', label: 'State', kind: 'choice', options: toOptions(states, stateLabel) },
                { key: 'open_only', label: 'Open', kind: 'flag' },
                { key: 'refund_due', label: 'Payment due', kind: 'flag' },
                {
                  key: 'outcome',
                  label: 'Outcome',
                  kind: 'choice',
                  options: toOptions(Object.keys(outcomeLabels), (name) => outcomeLabels[name] ?? name),
                },
                {
                  key: 'origin',
                  label: 'Requested by',
                  kind: 'choice',
                  options: toOptions(Object.keys(originLabels), (name) => originLabels[name] ?? name),
                },
              ]}
              values={values}
              onChange={change}
              extra={
                <>
                  {columnChooser}
                  <ExportButton name="returns" columns={visibleColumns} fetch={fetchPage} />
                </>
              }
            />
          </BulkActionBar>
        }
        empty={
          isFiltered ? (
            <EmptyState
              icon={<RollbackOutlined />}
              title="No matching returns"
              action={<Button onClick={() => change(Object.fromEntries(keys.map((key) => [key, undefined])))}>Clear filters</Button>}
            >
              No results match these filters.
            </EmptyState>
          ) : (
            <EmptyState icon={<RollbackOutlined />} title="No returns yet" action={<Link to="/orders">Go to sales orders</Link>}>
              Open a shipped order and choose Return items.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

function toQuery(values: Partial<Record<string, string>>): Parameters<typeof listReturns>[0] {
  const { open_only, refund_due, ...rest } = values;
  return { ...rest, open_only: open_only === 'true' ? true : undefined, refund_due: refund_due === 'true' ? true : undefined };
}
