import { dismissSourceChanges, type OrderDetail } from '@client/orders';
import { Card } from '@kit/layout';
import { ProblemNotice } from '@kit/feedback';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { humanize } from '@vocabulary';

type SourceChange = OrderDetail['source_changes'][number];

/** A change as a sentence: of a line the quantities, otherwise what the channel wants. */
export function changeText(change: SourceChange): string {
  if (change.what === 'line') {
    return `${change.product}: ${String(change.source)} instead of ${String(change.here)}`;
  }
  if (change.what === 'order') {
    const wish = change.source === 'cancel' ? 'Cancel the order' : 'Put the order on hold';
    return change.reason ? `${wish}: ${change.reason}` : wish;
  }
  return `${humanize(change.what)} changed`;
}

/** Changes that the channel made after the order was released to fulfillment. */
export function SourceChangesCard({ order }: { order: OrderDetail }) {
  const queryClient = useQueryClient();
  const dismiss = useMutation({
    mutationFn: () => dismissSourceChanges([order.id]),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['order', order.id] }),
  });
  if (order.source_changes.length === 0) return null;
  return (
    <Card
      title="Changed too late"
      extra={
        <Button size="small" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
          Dismiss
        </Button>
      }
    >
      <p>The channel changed this order after it was released to fulfillment. Decide what to do about it.</p>
      <ul>
        {order.source_changes.map((change) => (
          <li key={`${change.what}-${change.external_id}`}>{changeText(change)}</li>
        ))}
      </ul>
      {dismiss.error && <ProblemNotice error={dismiss.error} />}
    </Card>
  );
}
