import { listPayments, type PaymentRow } from '@client/payments';
import { EmptyState } from '@kit/feedback';
import { Money, Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import {
  BulkActionBar,
  countFirstPage,
  ExportButton,
  FilterBar,
  type ListColumn,
  ListView,
  toOptions,
  useColumns,
  usePagedList,
  useUrlFilters,
} from '@kit/list';
import { StateTag } from '@kit/states';
import { stateLabel } from '@vocabulary';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { paymentActions } from './paymentActions';
import { kindLabel, methodLabel, paymentKinds, paymentMethods, paymentStates } from './paymentTerms';

const keys = ['search', 'state', 'kind', 'method', 'instance', 'needs_person'] as const;
const noun = ['payment', 'payments'] as const;
const rowId = (row: PaymentRow): string => row.id;
const rowName = (row: PaymentRow): string => `${kindLabel(row.kind)} of order ${row.order_number}`;

const columns: readonly ListColumn<PaymentRow>[] = [
  {
    id: 'order',
    title: 'Order',
    alwaysShown: true,
    exportValue: (row) => row.order_number,
    cell: (row) => (
      <Link className="strong figure" to={`/orders/${row.order_id}`}>
        {row.order_number}
      </Link>
    ),
  },
  { id: 'kind', title: 'Payment', alwaysShown: true, exportValue: (row) => kindLabel(row.kind), cell: (row) => kindLabel(row.kind) },
  {
    id: 'state',
    title: 'State',
    alwaysShown: true,
    exportValue: (row) => stateLabel(row.state),
    cell: (row) => <StateTag state={row.state} />,
  },
  {
    id: 'amount',
    title: 'Amount',
    align: 'right',
    exportValue: (row) => row.amount,
    cell: (row) => <Money amount={row.amount} currency={row.currency} />,
  },
  { id: 'currency', title: 'Currency', hiddenByDefault: true, exportValue: (row) => row.currency, cell: (row) => row.currency },
  {
    id: 'method',
    title: 'Method',
    exportValue: (row) => methodLabel(row.method, row.method_title),
    cell: (row) => methodLabel(row.method, row.method_title),
  },
  {
    id: 'problem',
    title: 'Problem or reason',
    exportValue: (row) => row.error,
    cell: (row) => <span className="muted">{row.error || row.reason || '—'}</span>,
  },
  { id: 'customer', title: 'Customer', exportValue: (row) => row.customer_name, cell: (row) => row.customer_name },
  {
    id: 'provider',
    hiddenByDefault: true,
    title: 'Provider',
    exportValue: (row) => row.provider,
    cell: (row) => row.provider || <span className="muted">—</span>,
  },
  { id: 'recorded', title: 'Recorded', exportValue: (row) => row.recorded_at, cell: (row) => <Timestamp at={row.recorded_at} /> },
];

/** Payments of all orders: what needs a person first. */
export default function PaymentsPage() {
  const navigate = useNavigate();
  const [selected, setSelected] = useState<string[]>([]);
  const [values, change] = useUrlFilters(keys);
  const { visibleColumns, columnChooser } = useColumns('payments', columns);
  const query = useMemo(() => toQuery(values), [values]);
  const list = usePagedList({
    name: 'payments',
    query,
    fetch: listPayments,
    rowId,
    isRelevant: (one) => one.subject_type === 'payment' || one.name.startsWith('payment.'),
  });
  const isFiltered = Object.keys(values).length > 0;
  const selectedRows = list.rows.filter((row) => selected.includes(row.id)).map((row) => ({ id: row.id, label: rowName(row) }));
  return (
    <Page title="Payments" description="Authorizations, captures, refunds and voids of orders. What failed or is unknown comes first.">
      <ListView
        label="Payments"
        list={list}
        columns={visibleColumns}
        rowId={rowId}
        rowName={rowName}
        noun={noun}
        selection={{ ids: selectedRows.map((entry) => entry.id), onChange: setSelected }}
        onOpen={(row) => void navigate(`/orders/${row.order_id}`)}
        toolbar={
          <BulkActionBar
            selectedRows={selectedRows}
            noun={noun}
            actions={Object.values(paymentActions)}
            onClear={() => setSelected([])}
            onDone={list.reload}
          >
            <FilterBar
              search="Order number"
              views={{
                list: 'payments',
                count: (parameters, signal) => countFirstPage((page) => listPayments({ ...toQuery(parameters), ...page }, signal)),
              }}
              filters={[
                { key: 'needs_person', label: 'Needs a person', kind: 'flag' },
                { key: 'state', label: 'State', kind: 'choice', options: toOptions(paymentStates, stateLabel) },
                { key: 'kind', label: 'Payment', kind: 'choice', options: toOptions(paymentKinds, kindLabel) },
                { key: 'method', label: 'Method', kind: 'choice', options: toOptions(paymentMethods, methodLabel) },
              ]}
              values={values}
              onChange={change}
              extra={
                <>
                  {columnChooser}
                  <ExportButton
                    name="payments"
                    columns={visibleColumns}
                    fetch={(page, signal) => listPayments({ ...query, ...page }, signal)}
                  />
                </>
              }
            />
          </BulkActionBar>
        }
        empty={
          isFiltered ? (
            <EmptyState
              title="No matching payments"
              action={<Button onClick={() => change(Object.fromEntries(keys.map((key) => [key, undefined])))}>Clear filters</Button>}
            >
              No results match these filters.
            </EmptyState>
          ) : (
            <EmptyState title="No payments yet" action={<Link to="/orders">Go to sales orders</Link>}>
              Payments are recorded with the orders they pay.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

type Query = Parameters<typeof listPayments>[0];

/** The query of the API for the filters in the address. */
const toQuery = ({ needs_person, search, ...rest }: Record<string, string | undefined>): Query => ({
  ...(rest as Query),
  number: search,
  needs_person: needs_person === 'true' ? true : undefined,
});
