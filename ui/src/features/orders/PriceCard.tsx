import type { Address, OrderDetail } from '@client/orders';
import { AddressLines } from '@kit/AddressLines';
import { Money } from '@kit/format';
import { Card } from '@kit/layout';
import { Badge } from '@kit/states';
import { humanize } from '@vocabulary';

export function PriceCard({ order }: { order: OrderDetail }) {
  const { amounts, currency } = order;
  const fees: readonly [string, string][] = Number(amounts.fees) > 0 ? [['Handling and gift wrapping', amounts.fees]] : [];
  const rows: readonly (readonly [string, string])[] = [
    ['Items', amounts.subtotal],
    ['Shipping', amounts.shipping],
    ...fees,
    ['Discount', amounts.discount],
    ['Tax', amounts.tax],
  ];
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
        {Number(amounts.credit) > 0 && (
          <div>
            <dt>Paid with credit or certificates</dt>
            <dd>
              <Money amount={amounts.credit} currency={currency} />
            </dd>
          </div>
        )}
      </dl>
      <div className="bill-to">
        <h3>Bill to</h3>
        <BillTo order={order} />
      </div>
    </Card>
  );
}

function BillTo({ order }: { order: OrderDetail }) {
  const { bill_to, ship_to } = order;
  if (!bill_to) return <p className="muted">Not given by the channel</p>;
  if (isSamePlace(bill_to, ship_to)) return <p className="muted">Same as the ship-to address</p>;
  return <AddressLines address={bill_to} />;
}

const places = ['name', 'company', 'line1', 'line2', 'city', 'state', 'postal_code', 'country'] as const;
const isSamePlace = (one: Address, other: Address): boolean => places.every((part) => one[part] === other[part]);
