import type { OrderDetail } from '@client/orders';
import { Money } from '@kit/format';
import { Card } from '@kit/layout';
import { Badge } from '@kit/states';
import { humanize } from '@vocabulary';

export function PriceCard({ order }: { order: OrderDetail }) {
  const { amounts, currency } = order;
  const rows = [
    ['Items', amounts.subtotal],
    ['Shipping', amounts.shipping],
    ...(Number(amounts.fees) > 0 ? [['Fees', amounts.fees] as const] : []),
    ['Discount', amounts.discount],
    ['Tax', amounts.tax],
  ] as const;
  return (
    <Card
      title="Price"
      extra={
        order.payment_status && (
          <Badge tone={/paid|captured/.test(order.payment_status) ? 'done' : 'neutral'}>{humanize(order.payment_status)}</Badge>
        )
      }
    >
      <dl className="price">
        {rows.map(([name, amount]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {name === 'Discount' && Number(amount) > 0 ? '−' : ''}
              <Money amount={amount} currency={currency} />
            </dd>
          </div>
        ))}
        <div className="total">
          <dt>Total</dt>
          <dd>
            <Money amount={amounts.total} currency={currency} strong />
          </dd>
        </div>
      </dl>
    </Card>
  );
}
