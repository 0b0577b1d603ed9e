interface Postal {
  name?: string;
  company?: string;
  line1?: string;
  line2?: string;
  city?: string;
  state?: string;
  postal_code?: string;
  country?: string;
  phone?: string;
  email?: string;
}

/** A postal address. */
export function AddressLines({ address }: { address: Postal }) {
  const town = [address.city, [address.state, address.postal_code].filter(Boolean).join(' '), address.country].filter(Boolean).join(', ');
  const lines = [address.name, address.company, address.line1, address.line2, town].filter(Boolean);
  return (
    <address className="address">
      {lines.length === 0 && <span className="muted">No address given</span>}
      {lines.map((line, index) => (
        <div key={line} className={index === 0 ? 'strong' : undefined}>
          {line}
        </div>
      ))}
      {address.phone && (
        <div>
          <a href={`tel:${address.phone.replaceAll(' ', '')}`}>{address.phone}</a>
        </div>
      )}
      {address.email && (
        <div>
          <a href={`mailto:${address.email}`}>{address.email}</a>
        </div>
      )}
    </address>
  );
}
