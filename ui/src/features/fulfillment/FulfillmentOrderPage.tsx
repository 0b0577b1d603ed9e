import { type FulfillmentOrderDetail, getFulfillmentOrder } from '@client/fulfillment';
import { useLive } from '@client/live';
import { AddressLines } from '@kit/AddressLines';
import { QueryContent } from '@kit/feedback';
import { CalendarDate, Quantity, formatQuantity, Timestamp } from '@kit/format';
import { DescriptionList, Page, Card } from '@kit/layout';
import { RecordActions } from '@kit/list';
import { MapView, pinOf } from '@kit/MapView';
import { Shipment } from '@kit/Shipment';
import { StateTag } from '@kit/states';
import { reasonLabel } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { fulfillmentActions } from './fulfillmentActions';

export default function FulfillmentOrderPage() {
  const { id = '' } = useParams();
  const queryClient = useQueryClient();
  const query = useQuery({ queryKey: ['fulfillment-order', id], queryFn: () => getFulfillmentOrder(id) });
  useLive((changes) => {
    const root = query.data?.order_id;
    if (changes.some((change) => change.subject_id === id || change.root_id === root))
      void queryClient.invalidateQueries({ queryKey: ['fulfillment-order', id] });
  });
  return (
    <Page
      breadcrumb={
        <Link to="/fulfillment-orders" className="crumb">
          Fulfillment orders
        </Link>
      }
      title={query.data?.number ?? 'Fulfillment order'}
      documentTitle={query.data?.number ?? 'Fulfillment order'}
      actions={query.data && <Actions item={query.data} />}
    >
      <QueryContent query={query} rows={8}>
        {(item) => (
          <div className="main-side">
            <div className="stack">
              <Summary item={item} />
              <Lines item={item} />
              <Card title="Shipments and tracking">
                {item.shipments.length === 0 ? (
                  <p className="muted">
                    Nothing has shipped yet. Tracking appears when {item.source_place.name || item.source} reports a shipment.
                  </p>
                ) : (
                  <div className="stack" style={{ gap: 8 }}>
                    {item.shipments.map((shipment) => (
                      <Shipment key={shipment.id} parcel={shipment} />
                    ))}
                  </div>
                )}
              </Card>
            </div>
            <Places item={item} />
          </div>
        )}
      </QueryContent>
    </Page>
  );
}

/** Actions that its state allows; those of an open recall are shown while there is one. */
function Actions({ item }: { item: FulfillmentOrderDetail }) {
  const queryClient = useQueryClient();
  const isOpen = item.recall === 'requested' || item.recall === 'refused';
  const names = isOpen ? (['accepted', 'withdrawn', 'recall_cancel'] as const) : (['recall', 'recall_cancel', 'lift_refusal'] as const);
  const always = { allowed: true, reason: '' };
  const permits = {
    recall: item.actions.recall,
    recall_cancel: item.actions.recall,
    accepted: always,
    withdrawn: always,
    lift_refusal: item.actions.lift_refusal,
  };
  return (
    <RecordActions
      record={{ id: item.id, label: item.number }}
      noun={['fulfillment order', 'fulfillment orders']}
      actions={names.map((name) => ({ action: fulfillmentActions[name], ...permits[name] }))}
      onDone={() => void queryClient.invalidateQueries({ queryKey: ['fulfillment-order', item.id] })}
    />
  );
}

function Summary({ item }: { item: FulfillmentOrderDetail }) {
  return (
    <Card title="Summary" extra={<StateTag state={item.state} />}>
      <DescriptionList
        columns={3}
        items={[
          [
            'Order',
            <Link key="order" to={`/orders/${item.order_id}`}>
              {item.order_number}
            </Link>,
          ],
          ['Source', item.source_place.name || item.source],
          ['Reason', reasonLabel(item.state_reason)],
          ['Recall reason', item.recall_reason],
          ['Shipped', `${formatQuantity(item.shipped_units)} of ${formatQuantity(item.units)} units`],
          ['Planned ship date', item.planned_ship_date && <CalendarDate key="planned" date={item.planned_ship_date} />],
          ['External number', item.external_id],
          ['Created', <Timestamp key="created" at={item.created_at} />],
          ['Sent', <Timestamp key="sent" at={item.sent_at} emptyText="Not yet" />],
        ]}
      />
    </Card>
  );
}

function Lines({ item }: { item: FulfillmentOrderDetail }) {
  return (
    <Card title="Lines" flush>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col" className="num">
              To ship
            </th>
            <th scope="col" className="num">
              Shipped
            </th>
          </tr>
        </thead>
        <tbody>
          {item.lines.map((line) => (
            <tr key={line.id}>
              <td>
                <span className="two-line">
                  <span className="strong">{line.name || line.product}</span>
                  {line.name !== line.product && <span className="muted">{line.product}</span>}
                </span>
              </td>
              <td className="num">
                <Quantity value={line.quantity} unit={line.unit} />
              </td>
              <td className="num">
                <Quantity value={line.shipped} unit={line.unit} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Places({ item }: { item: FulfillmentOrderDetail }) {
  const from = pinOf({
    id: 'from',
    label: item.source,
    kind: 'source',
    latitude: item.source_place.latitude,
    longitude: item.source_place.longitude,
  });
  const to = pinOf({
    id: 'to',
    label: item.ship_to.city || 'Ship to',
    kind: 'destination',
    latitude: item.ship_to_place.latitude,
    longitude: item.ship_to_place.longitude,
  });
  return (
    <Card title="From and to">
      <div className="stack" style={{ gap: 12 }}>
        {from.length + to.length > 0 && (
          <MapView label="Source and ship-to address" pins={[...from, ...to]} routes={[['from', 'to']]} height={230} />
        )}
        <DescriptionList
          items={[
            ['From', <AddressLines key="from" address={{ ...item.source_place.address, name: item.source_place.name || item.source }} />],
            ['To', <AddressLines key="to" address={item.ship_to} />],
          ]}
        />
      </div>
    </Card>
  );
}
