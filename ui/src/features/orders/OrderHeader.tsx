import { CheckOutlined, PauseCircleFilled } from '@kit/icons';
import type { OrderDetail } from '@client/orders';
import { CalendarDate, Money, Timestamp } from '@kit/format';
import { Badge, StateTag } from '@kit/states';
import { reasonLabel, stateLabel, stateTone } from '@vocabulary';
import type { ReactNode } from 'react';
import { OrderTags } from './OrderTags';

/** Key facts and progress of an order. */
export function OrderHeader({ order }: { order: OrderDetail }) {
  const facts: [string, ReactNode][] = [
    [
      'State',
      <span className="row" key="state">
        <StateTag state={order.state} />
        {order.manual_hold && order.state !== 'on_hold' && (
          <Badge tone="attention" icon={<PauseCircleFilled />}>
            On hold
          </Badge>
        )}
      </span>,
    ],
    ['Reason', reasonLabel(order.state_reason)],
    ['Customer', order.customer_name || order.customer.email],
    ['Total', <Money key="total" amount={order.total_amount} currency={order.currency} />],
    ['Channel', order.origin && order.origin !== order.instance ? `${order.instance} · ${order.origin}` : order.instance],
    ['Placed', <Timestamp key="placed" at={order.placed_at} format="date" />],
    ['Promised', order.requested_delivery_date ? <CalendarDate key="day" date={order.requested_delivery_date} /> : null],
  ];
  return (
    <section className="card" aria-label="Summary">
      <dl className="order-strip">
        {facts
          .filter(([, value]) => value !== null && value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <OrderTags order={order} />
      <Progress order={order} />
    </section>
  );
}

function Progress({ order }: { order: OrderDetail }) {
  const steps = order.progress
    .filter((step) => step.state === order.state || !['on_hold', 'canceled'].includes(step.state))
    .toSorted((a, b) => a.position - b.position);
  return (
    <ol className="progress" aria-label="Progress">
      {steps.map((step, index) => {
        const current = step.state === order.state;
        return (
          <li
            key={step.state}
            data-tone={stateTone(step.state)}
            data-reached={step.reached}
            data-passed={step.reached && (steps[index + 1]?.reached ?? false)}
            aria-current={current ? 'step' : undefined}
          >
            <i aria-hidden="true">{step.reached && !current && <CheckOutlined />}</i>
            {stateLabel(step.state)}
            {step.reached && !current && <span className="visually-hidden"> (done)</span>}
          </li>
        );
      })}
    </ol>
  );
}
