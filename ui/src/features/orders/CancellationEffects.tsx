import { listFlows } from '@client/orchestration';
import type { OrderDetail, OrderFulfillment } from '@client/orders';
import { DescriptionList } from '@kit/layout';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';

const canceledEvent = 'order.canceled';
const ended = ['canceled', 'shipped', 'declined', 'completed'];

/** What fulfillers are told when the units of an order are canceled. */
export function fulfillerEffect(fulfillment: readonly OrderFulfillment[]): string {
  const open = fulfillment.filter((row) => !ended.includes(row.state));
  if (open.length === 0) return 'Nothing: no unit is at a fulfiller.';
  const unsent = open.filter((row) => row.sent_at === null).map((row) => row.number);
  const sent = open.filter((row) => row.sent_at !== null).map((row) => `${row.fulfiller || row.source} to cancel ${row.number}`);
  const parts = [
    sent.length > 0 && `A request to ${sent.join(', and to ')}. What it refuses still ships.`,
    unsent.length > 0 && `Nothing about ${unsent.join(', ')}: not sent yet, and canceled here.`,
  ];
  return parts.filter(Boolean).join(' ');
}

/** What the store is told: only flows that start with the cancellation can inform it. */
export function storeEffect(flows: readonly { title: string; name: string; trigger: string; active: boolean; paused: boolean }[]): string {
  const started = flows.filter((flow) => flow.trigger === canceledEvent && flow.active);
  if (started.length === 0) return 'Nothing: no active flow starts when an order is canceled. Cancel it in the store as well.';
  const titles = started.map((flow) => `“${flow.title || flow.name}”${flow.paused ? ' (paused)' : ''}`);
  return `What ${titles.join(' and ')} sends: ${started.length === 1 ? 'this flow starts' : 'these flows start'} with the cancellation.`;
}

/** What the store, the payment and the fulfillers are told when an order is canceled. */
export function CancellationEffects({ order, fulfillment }: { order: OrderDetail; fulfillment: OrderFulfillment[] | undefined }) {
  const flows = useQuery({ queryKey: ['flows'], queryFn: listFlows });
  const payment = order.payment_status ? `It stays “${humanize(order.payment_status)}”.` : 'It does not change.';
  return (
    <section aria-label="Who is informed" className="cancellation-effects">
      <h3 className="small muted">Who is informed</h3>
      <DescriptionList
        items={[
          ['Store', flows.data ? storeEffect(flows.data) : flows.error ? 'Unknown: the flows could not be read.' : 'Checking the flows'],
          ['Payment', `${payment} An authorization of a payment provider is released. Refund what was captured.`],
          ['Fulfiller', fulfillment ? fulfillerEffect(fulfillment) : 'Checking the fulfillment orders'],
        ]}
      />
    </section>
  );
}
