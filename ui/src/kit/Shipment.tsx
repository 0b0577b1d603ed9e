import { LinkOutlined } from './icons';
import { Timestamp } from './format';
import { trackingUrl } from './trackingUrl';

interface Parcel {
  carrier: string;
  service: string;
  tracking_number: string;
  tracking_url: string;
  shipped_at: string;
  items: { product: string; quantity: number }[];
}

/** A shipment: carrier, tracking, date and contents. */
export function Shipment({ parcel }: { parcel: Parcel }) {
  const tracking = trackingUrl(parcel);
  return (
    <div className="shipment">
      <span className="strong">{[parcel.carrier, parcel.service].filter(Boolean).join(' ') || 'Shipment'}</span>
      {tracking ? (
        <a href={tracking} target="_blank" rel="noreferrer">
          {parcel.tracking_number || 'Track'} <LinkOutlined aria-label="opens the carrier's page" />
        </a>
      ) : (
        <span>{parcel.tracking_number}</span>
      )}
      <span className="muted">
        shipped <Timestamp at={parcel.shipped_at} />
      </span>
      <span className="muted">{parcel.items.map((item) => `${item.quantity} × ${item.product}`).join(', ')}</span>
    </div>
  );
}
