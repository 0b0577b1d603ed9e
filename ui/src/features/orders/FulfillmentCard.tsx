import type { OrderFulfillment } from '@client/orders';
import { QueryContent } from '@kit/feedback';
import { CalendarDate, formatQuantity } from '@kit/format';
import { Card } from '@kit/layout';
import { Shipment } from '@kit/Shipment';
import { StateTag } from '@kit/states';
import { reasonBesideState } from '@vocabulary';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from 'react-router';

export function FulfillmentCard({ query }: { query: UseQueryResult<OrderFulfillment[]> }) {
  return (
    <Card title="Fulfillment" flush>
      <QueryContent query={query}>
        {(items) =>
          items.length === 0 ? (
            <p className="muted" style={{ padding: '0 var(--pad) 16px' }}>
              No fulfillment orders yet. They are created when the order is sourced.
            </p>
          ) : (
            <div>
              {items.map((item) => (
                <FulfillmentOrder key={item.id} item={item} />
              ))}
            </div>
          )
        }
      </QueryContent>
    </Card>
  );
}

function FulfillmentOrder({ item }: { item: OrderFulfillment }) {
  return (
    <article className="fo" aria-label={`Fulfillment order ${item.number}`}>
      <div className="fo-head">
        <div className="two-line">
          <Link to={`/fulfillment-orders/${item.id}`} className="strong">
            {item.number}
          </Link>
          <span className="muted">
            from {item.source_place.name || item.source}, {formatQuantity(item.shipped_units)} of {formatQuantity(item.units)} units shipped
            {item.planned_ship_date && (
              <>
                , planned for <CalendarDate date={item.planned_ship_date} />
              </>
            )}
          </span>
        </div>
        <div className="two-line" style={{ justifyItems: 'end', alignContent: 'start' }}>
          <StateTag state={item.state} />
          <span className="muted">{reasonBesideState(item.state, item.state_reason)}</span>
        </div>
      </div>
      <ul className="small">
        {item.lines.map((line) => (
          <li key={line.id}>
            <span className="figure">
              {formatQuantity(line.quantity)} {line.unit} ×
            </span>{' '}
            {line.name || line.product}
            {line.shipped < line.quantity && item.shipped_units > 0 && (
              <span className="muted"> — {formatQuantity(line.quantity - line.shipped)} still to ship</span>
            )}
          </li>
        ))}
      </ul>
      {item.shipments.map((shipment) => (
        <Shipment key={shipment.id} parcel={shipment} />
      ))}
    </article>
  );
}
