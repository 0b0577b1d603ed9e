import { useCallback, useEffect, useState } from 'react';
import { readOrder, RequestFailed, type CustomerOrder } from './api';
import { useTranslation, type MessageKey } from './messages';
import { OrderActions } from './OrderActions';

/** One order: its state, parcels, items and money, and what can be changed. */
export function OrderPage({ token }: { token: string }) {
  const { text } = useTranslation();
  const [order, setOrder] = useState<CustomerOrder>();
  const [problem, setProblem] = useState<MessageKey>();

  const load = useCallback(
    () =>
      readOrder(token).then(setOrder, (error: unknown) => {
        const status = error instanceof RequestFailed ? error.status : 0;
        setProblem(status === 404 ? 'link_invalid' : status === 410 ? 'link_expired' : 'failed');
      }),
    [token],
  );
  useEffect(() => {
    void load();
  }, [load]);

  if (problem)
    return (
      <section className="card">
        <h1>{text('title')}</h1>
        <p role="alert">{text(problem)}</p>
        <a href="/track">{text('find')}</a>
      </section>
    );
  if (!order) return <p role="status">{text('loading')}</p>;
  return (
    <>
      <Status order={order} />
      <OrderActions token={token} order={order} reload={load} />
      <Parcels order={order} />
      <Items order={order} />
      <Amounts order={order} />
      <Address order={order} />
      <History order={order} />
    </>
  );
}

interface OfOrder {
  order: CustomerOrder;
}

function Status({ order }: OfOrder) {
  const { text, day, moment } = useTranslation();
  return (
    <section className="card">
      <p className="quiet">
        {text('order', { number: order.number })} · {text('placed', { date: moment(order.placed_at) })}
      </p>
      <h1>{text(`status_${order.status}`)}</h1>
      {order.promised_on && <p>{text('promised', { date: day(order.promised_on) })}</p>}
      {order.is_late && <p className="problem">{text('late')}</p>}
      {order.expected_on && order.expected_on !== order.promised_on && <p>{text('expected', { date: day(order.expected_on) })}</p>}
    </section>
  );
}

function Parcels({ order }: OfOrder) {
  const { text, moment } = useTranslation();
  if (order.parcels.length === 0) return null;
  return (
    <section className="card">
      <h2>{text('parcels')}</h2>
      <ul>
        {order.parcels.map((parcel) => (
          <li key={`${parcel.shipped_at}${parcel.tracking_number}`}>
            <strong>{parcel.tracking_number}</strong>{' '}
            <span className="quiet">
              {moment(parcel.shipped_at)}
              {parcel.from_town && ` · ${text('route', { from: parcel.from_town, to: order.ship_to.city })}`}
            </span>
            {parcel.tracking_url && (
              <div>
                <a href={parcel.tracking_url} rel="noreferrer noopener" target="_blank">
                  {text('track', { carrier: parcel.carrier })}
                </a>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Items({ order }: OfOrder) {
  const { text, money } = useTranslation();
  return (
    <section className="card">
      <h2>{text('items')}</h2>
      <ul>
        {order.lines.map((line) => (
          <li key={line.id} className="row">
            <span>
              <strong>{line.name}</strong>
              <br />
              <span className="quiet">
                {[...Object.values(line.variant), text('quantity_of', { count: line.quantity })].filter(Boolean).join(' · ')}
                {line.canceled > 0 && ` · ${text('canceled_of', { count: line.canceled })}`}
              </span>
            </span>
            <span>{money(line.total, order.currency)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Amounts({ order }: OfOrder) {
  const { text, money } = useTranslation();
  const { amounts } = order;
  const rows = (['subtotal', 'shipping', 'discount', 'tax'] as const).filter((name) => name === 'subtotal' || Number(amounts[name]) !== 0);
  return (
    <section className="card">
      <h2>{text('amounts')}</h2>
      <dl>
        {[...rows, 'total' as const, ...(amounts.kept === amounts.total ? [] : (['kept'] as const))].map((name) => (
          <div key={name} className="row">
            <dt>{text(name)}</dt>
            <dd>{money(name === 'discount' ? `-${amounts[name]}` : amounts[name], order.currency)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Address({ order }: OfOrder) {
  const { text, country } = useTranslation();
  const { name, line1, line2, city, state, postal_code } = order.ship_to;
  const countryName = order.ship_to.country && country(order.ship_to.country);
  return (
    <section className="card">
      <h2>{text('address')}</h2>
      <address>
        {[name, line1, line2, [city, state, postal_code].filter(Boolean).join(' '), countryName].filter(Boolean).map((part) => (
          <div key={part}>{part}</div>
        ))}
      </address>
    </section>
  );
}

function History({ order }: OfOrder) {
  const { text, moment } = useTranslation();
  return (
    <section className="card">
      <h2>{text('history')}</h2>
      <ol>
        {order.timeline.map((event) => (
          <li key={`${event.at}${event.kind}${event.detail}`}>
            {text(`event_${event.kind}`, { detail: event.detail })}
            <br />
            <span className="quiet">{moment(event.at)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
