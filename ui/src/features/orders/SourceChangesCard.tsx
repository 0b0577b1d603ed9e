import { dismissSourceChanges, type OrderDetail, type SourceChange } from '@client/orders';
import { AddressLines } from '@kit/AddressLines';
import { formatMoney, formatQuantity } from '@kit/format';
import { Card } from '@kit/layout';
import { ActionDialog, type BulkAction } from '@kit/list';
import { useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';

const titles: Record<string, string> = {
  line: 'Quantity',
  amounts: 'Total',
  ship_to: 'Shipping address',
  shipping_method: 'Shipping method',
  requested_delivery_date: 'Requested delivery',
  order: 'Hold',
};

const dismiss: BulkAction = {
  name: 'dismiss',
  label: 'Dismiss',
  description: 'You have dealt with these changes. They are removed from the order; its timeline keeps them.',
  run: dismissSourceChanges,
};

/** Changes that the channel made after the release to fulfillment, with what is fulfilled here. */
export function SourceChangesCard({ order }: { order: OrderDetail }) {
  const [isOpen, setOpen] = useState(false);
  const queryClient = useQueryClient();
  if (order.source_changes.length === 0) return null;
  return (
    <Card title="Changed too late" extra={<Button onClick={() => setOpen(true)}>Dismiss</Button>}>
      <p className="muted">
        The order was already in fulfillment, so these changes were not applied. Recall it, or agree with the customer.
      </p>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Change</th>
            <th scope="col">Here</th>
            <th scope="col">In the channel</th>
          </tr>
        </thead>
        <tbody>
          {order.source_changes.map((change) => (
            <tr key={`${change.what} ${change.external_id} ${change.product}`}>
              <td>
                <span className="two-line">
                  <span className="strong">{titles[change.what] ?? change.what}</span>
                  {change.product && <span className="muted">{change.product}</span>}
                </span>
              </td>
              <td>{change.what === 'order' ? 'No hold' : shown(change, change.here, order.currency)}</td>
              <td>{change.what === 'order' ? change.reason : shown(change, change.source, order.currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {isOpen && (
        <ActionDialog
          action={dismiss}
          selectedRows={[{ id: order.id, label: order.number }]}
          noun={['order', 'orders']}
          onClose={() => setOpen(false)}
          onDone={() => void queryClient.invalidateQueries({ queryKey: ['order', order.id] })}
        />
      )}
    </Card>
  );
}

function shown(change: SourceChange, value: unknown, currency: string): ReactNode {
  if (change.what === 'amounts' && isRecord(value)) return formatMoney(String(value.total), currency);
  if (change.what === 'ship_to' && isRecord(value)) return <AddressLines address={value} />;
  if (typeof value === 'number') return formatQuantity(value);
  return typeof value === 'string' && value ? value : <span className="muted">Not given</span>;
}

function isRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null;
}
