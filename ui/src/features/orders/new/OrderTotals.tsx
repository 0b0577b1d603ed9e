import type { OrderCheck } from '@client/orders';
import { Money } from '@kit/format';

/** What an order costs, as the server computes it. */
export function OrderTotals({ check, isCurrent }: { check: OrderCheck | undefined; isCurrent: boolean }) {
  if (check === undefined) return <p className="muted">The totals appear here when a product is chosen.</p>;
  const rows = [
    { label: 'Lines', amount: check.subtotal },
    { label: 'Shipping', amount: check.shipping },
    { label: 'Discount', amount: Number(check.discount) > 0 ? `-${check.discount}` : check.discount },
    { label: 'Tax', amount: check.tax },
  ];
  return (
    <dl className="order-totals" aria-live="polite" aria-busy={!isCurrent} data-current={isCurrent}>
      {rows.map(({ label, amount }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <Money amount={amount} currency={check.currency} />
          </dd>
        </div>
      ))}
      <div className="order-total">
        <dt>Total</dt>
        <dd>
          <Money strong amount={check.total} currency={check.currency} />
        </dd>
      </div>
    </dl>
  );
}
