import type { OrderDetail, OrderFulfillment } from '@client/orders';
import { AddressLines } from '@kit/AddressLines';
import { Card } from '@kit/layout';
import { MapView, pinOf } from '@kit/MapView';

/** Ship-to address and sources on a map. */
export function SourceMapCard({ order, fulfillment }: { order: OrderDetail; fulfillment: OrderFulfillment[] }) {
  const placesBySource = new Map(fulfillment.map((item) => [item.source, item.source_place]));
  // Orders rarely have coordinates; fulfillment orders have geocoded ones.
  const geocodedDestination = fulfillment[0]?.ship_to_place;
  const destination = pinOf({
    id: 'to',
    label: order.ship_to.city || 'Ship to',
    kind: 'destination',
    latitude: order.ship_to.latitude ?? geocodedDestination?.latitude,
    longitude: order.ship_to.longitude ?? geocodedDestination?.longitude,
  });
  const sources = [...placesBySource].flatMap(([name, source]) =>
    pinOf({ id: name, label: name, kind: 'source', latitude: source.latitude, longitude: source.longitude }),
  );
  const pins = [...destination, ...sources];
  return (
    <Card title="Ship to">
      <div className="ship-to">
        <div className="stack" style={{ gap: 12 }}>
          <AddressLines address={order.ship_to} />
          {order.shipping_method && <p className="muted">By {order.shipping_method}</p>}
          {order.note && (
            <p>
              <span className="muted">Note: </span>
              {order.note}
            </p>
          )}
        </div>
        {pins.length > 0 && (
          <MapView
            label="Ship-to address and sources"
            pins={pins}
            routes={destination.length > 0 ? sources.map((pin) => [pin.id, 'to'] as const) : []}
            height={210}
          />
        )}
      </div>
    </Card>
  );
}
