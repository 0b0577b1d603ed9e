import { CarOutlined } from '@kit/icons';
import { type FulfillmentOrderRow, listFulfillmentOrders } from '@client/fulfillment';
import { listSources } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { whole, When } from '@kit/format';
import { Page } from '@kit/layout';
import { choices, ExportButton, FilterBar, type ListColumn, ListView, useColumns, usePagedList, useUrlFilters } from '@kit/list';
import { StateTag, stateWord } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { Link, useNavigate } from 'react-router';

const keys = ['search', 'state', 'source'] as const;
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
const idOf = (row: FulfillmentOrderRow): string => row.id;

const columns: readonly ListColumn<FulfillmentOrderRow>[] = [
  {
    key: 'number',
    title: 'Fulfillment order',
    fixed: true,
    text: (row) => row.number,
    render: (row) => (
      <Link className="strong figure" to={`/fulfillment-orders/${row.id}`}>
        {row.number}
      </Link>
    ),
  },
  {
    key: 'order',
    title: 'Order',
    text: (row) => row.order_number,
    render: (row) => <Link to={`/orders/${row.order_id}`}>{row.order_number}</Link>,
  },
  { key: 'state', title: 'State', fixed: true, text: (row) => stateWord(row.state), render: (row) => <StateTag state={row.state} /> },
  {
    key: 'reason',
    title: 'Reason',
    extra: true,
    text: (row) => row.state_reason,
    render: (row) => <span className="muted">{row.state_reason}</span>,
  },
  { key: 'source', title: 'Source', text: (row) => row.source, render: (row) => row.source },
  {
    key: 'shipped',
    title: 'Shipped',
    align: 'right',
    text: (row) => row.shipped_units,
    render: (row) => (
      <span className="figure">
        {whole(row.shipped_units)} <span className="muted">of {whole(row.units)}</span>
      </span>
    ),
  },
  { key: 'customer', title: 'Customer', text: (row) => row.customer_name, render: (row) => row.customer_name },
  { key: 'city', title: 'Ship to', text: (row) => row.ship_to_city, render: (row) => row.ship_to_city },
  { key: 'created', title: 'Created', text: (row) => row.created_at, render: (row) => <When at={row.created_at} /> },
  { key: 'sent', title: 'Sent', text: (row) => row.sent_at ?? '', render: (row) => <When at={row.sent_at} none="Not yet" /> },
  {
    key: 'external',
    title: 'Their number',
    text: (row) => row.external_id,
    render: (row) => row.external_id || <span className="muted">—</span>,
  },
];

export default function FulfillmentOrdersPage() {
  const navigate = useNavigate();
  const [values, change] = useUrlFilters(keys);
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const { shown, chooser } = useColumns('fulfillment-orders', columns);
  const list = usePagedList({
    name: 'fulfillment-orders',
    query: values,
    fetch: listFulfillmentOrders,
    idOf,
    concerns: (change) => change.subject_type === 'fulfillment_order' || change.subject_type === 'shipment',
  });
  const filtered = Object.keys(values).length > 0;
  return (
    <Page title="Fulfillment orders" lead="One for each order and source: what a warehouse, store or 3PL was asked to ship.">
      <ListView
        label="Fulfillment orders"
        list={list}
        columns={shown}
        idOf={idOf}
        nameOf={(row) => row.number}
        noun={['fulfillment order', 'fulfillment orders']}
        onOpen={(row) => void navigate(`/fulfillment-orders/${row.id}`)}
        toolbar={
          <FilterBar
            search="Number, order or customer"
            filters={[
              { key: 'state', label: 'State', kind: 'choice', options: choices(states, stateWord) },
              {
                key: 'source',
                label: 'Source',
                kind: 'choice',
                options: (sources.data ?? []).map((one) => ({ value: one.name, label: one.title || one.name })),
              },
            ]}
            values={values}
            onChange={change}
            extra={
              <>
                {chooser}
                <ExportButton
                  name="fulfillment-orders"
                  columns={shown}
                  fetch={(page, signal) => listFulfillmentOrders({ ...values, ...page }, signal)}
                />
              </>
            }
          />
        }
        empty={
          filtered ? (
            <EmptyState
              icon={<CarOutlined />}
              title="No fulfillment order matches"
              action={<Button onClick={() => change({ search: undefined, state: undefined, source: undefined })}>Clear filters</Button>}
            >
              Nothing here fits all of the filters above.
            </EmptyState>
          ) : (
            <EmptyState icon={<CarOutlined />} title="No fulfillment orders yet" action={<Link to="/orders">Go to sales orders</Link>}>
              They appear when a flow has found a source with stock for the lines of an order.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
