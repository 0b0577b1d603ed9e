import { getReturnsOfOrder } from '@client/returns';
import { ExplainedButton } from '@kit/ExplainedButton';
import { QueryContent } from '@kit/feedback';
import { formatMoney, formatQuantity } from '@kit/format';
import { Card } from '@kit/layout';
import { StateTag } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import type { OrderDetail } from '@client/orders';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'react-router';

const ReturnItemsDrawer = lazy(() => import('./ReturnItemsDrawer'));

/** Returns of an order, and where new ones begin. */
export function ReturnsCard({ order }: { order: OrderDetail }) {
  const mayRead = usePermission('returns.read');
  const mayWrite = usePermission('returns.write');
  const [isOpen, setOpen] = useState(false);
  const query = useQuery({
    queryKey: ['order', order.id, 'returns'],
    queryFn: () => getReturnsOfOrder(order.id),
    enabled: mayRead,
  });
  const hasShipped = order.lines.some((line) => line.shipped > 0);
  if (!mayRead) return null;
  return (
    <Card
      title="Returns"
      extra={
        <ExplainedButton
          size="small"
          allowed={mayWrite && hasShipped}
          disabledReason={mayWrite ? 'Nothing of the order has shipped' : 'Your role may not change returns'}
          onClick={() => setOpen(true)}
        >
          Return items
        </ExplainedButton>
      }
    >
      <QueryContent query={query}>
        {(items) =>
          items.length === 0 ? (
            <p className="muted">No returns.</p>
          ) : (
            <ul className="return-lines">
              {items.map((item) => (
                <li key={item.id}>
                  <div className="two-line">
                    <Link to={`/returns/${item.id}`} className="strong">
                      {item.number}
                    </Link>
                    <span className="muted">
                      {formatQuantity(item.received_units)} of {formatQuantity(item.units)} units received
                      {item.refund_state && `, refund ${formatMoney(item.refund_amount, item.currency)}`}
                    </span>
                  </div>
                  <StateTag state={item.state} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryContent>
      {isOpen && (
        <Suspense fallback={null}>
          <ReturnItemsDrawer orderId={order.id} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </Card>
  );
}
