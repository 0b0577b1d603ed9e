import { listSources } from '@client/inventory';
import type { Quote } from '@client/sourcing';
import { CheckCircleFilled, CloseCircleFilled } from '@kit/icons';
import { CalendarDate, formatDateTime, formatNumber, Timestamp } from '@kit/format';
import { Card } from '@kit/layout';
import { MapView, pinOf } from '@kit/MapView';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Badge } from '@kit/states';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Cost, CostBreakdown } from '../plans/CostBreakdown';
import { formatCost, costUnit } from '@kit/costs';
import { formatDecimal, formatPercent } from '../labels';

const pickupKindLabels: Record<string, string> = { bopis: 'Pickup in store', curbside: 'Curbside pickup', ship_to_store: 'Ship to store' };
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' });
const dayOfMonth = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
/** Product number with the requested dimension values. */
const productLabel = ({ product, dimensions }: { product: string; dimensions: Record<string, string> }): string =>
  [product, ...Object.values(dimensions).filter((item) => item.trim() !== '')].join(' ');
const noon = (date: string): Date => new Date(`${date}T12:00:00Z`);

/** The result of a quote: delivery dates, sources, cost and pickup options. */
export function QuoteResult({ quote }: { quote: Quote }) {
  const unit = costUnit({ currency: quote.plan.currency, parts: quote.plan.cost_parts });
  return (
    <>
      <Card title="Promise" extra={<Timestamp at={quote.at} format="date" />}>
        <PromiseSummary quote={quote} />
      </Card>
      {quote.plan.lines.length > 0 && (
        <>
          <QuoteMap quote={quote} />
          <Card title="Fulfillment cost" extra={<Cost strong value={quote.plan.cost} unit={unit} />}>
            <CostBreakdown parts={quote.plan.cost_parts} unit={unit} />
          </Card>
          {quote.carrier && <CarrierRates carrier={quote.carrier} />}
        </>
      )}
      <Card title="Possible delivery days">
        <DeliveryCalendar days={quote.calendar} />
      </Card>
      <PickupOptions options={quote.pickup} />
      <p className="muted small">
        Quote ID <code>{quote.execution_id}</code>
      </p>
    </>
  );
}

function PromiseSummary({ quote }: { quote: Quote }) {
  const latest = quote.promises
    .map((promise) => promise.delivery.expected)
    .toSorted()
    .at(-1);
  return (
    <div className="stack" style={{ gap: 10 }}>
      {quote.plan.complete && latest !== undefined ? (
        <p style={{ fontSize: '1.15rem', fontWeight: 600 }}>
          <CheckCircleFilled style={{ color: 'var(--tone-done-mark)' }} /> All items by <CalendarDate date={latest} />
        </p>
      ) : (
        <p style={{ fontSize: '1.15rem', fontWeight: 600 }}>
          <CloseCircleFilled style={{ color: 'var(--tone-attention-mark)' }} /> Some items are not available
        </p>
      )}
      {quote.plan.not_fulfilled.map((item) => (
        <p key={item.line_id}>
          {formatNumber(item.quantity)} of <span className="strong">{productLabel(item)}</span>: {item.reason}
        </p>
      ))}
      {quote.promises.length > 0 && (
        <HorizontalScroll className="bleed" label="Promises">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Items</th>
                <th scope="col">Ships</th>
                <th scope="col">Arrives</th>
                <th scope="col" className="num">
                  Confidence
                </th>
                <th scope="col">Service</th>
                <th scope="col" className="num">
                  Distance
                </th>
              </tr>
            </thead>
            <tbody>
              {quote.promises.map((entry) => (
                <tr key={entry.source}>
                  <td className="strong">{entry.source}</td>
                  <td className="what">
                    {quote.plan.lines
                      .filter((line) => line.source === entry.source)
                      .map((line) => `${formatNumber(line.quantity)} × ${productLabel(line)}`)
                      .join(', ')}
                  </td>
                  <td className="nowrap" title={`Ready ${formatDateTime(entry.ready_at)}, picked up ${formatDateTime(entry.pickup_at)}`}>
                    <CalendarDate date={entry.ship_date} />
                  </td>
                  <td>
                    <span className="two-line">
                      <span className="strong nowrap">
                        <CalendarDate date={entry.delivery.expected} />
                      </span>
                      <span className="muted nowrap">
                        <CalendarDate date={entry.delivery.earliest} /> to <CalendarDate date={entry.delivery.latest} />
                      </span>
                    </span>
                  </td>
                  <td className="num figure">{formatPercent(entry.confidence)}</td>
                  <td className="nowrap">{[entry.carrier, entry.service].filter(Boolean).join(' ') || 'Standard ground'}</td>
                  <td className="num figure">{formatDecimal(Math.round(entry.distance_km))} km</td>
                </tr>
              ))}
            </tbody>
          </table>
        </HorizontalScroll>
      )}
    </div>
  );
}

function QuoteMap({ quote }: { quote: Quote }) {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const used = new Set(quote.promises.map((promise) => promise.source));
  const { latitude, longitude, precision } = quote.destination;
  const pins = [
    ...pinOf({
      id: ' destination',
      label: precision === 'place' ? 'Destination' : 'Destination (approximate)',
      kind: 'destination',
      latitude,
      longitude,
    }),
    ...(sources.data ?? [])
      .filter((source) => used.has(source.name))
      .flatMap((item) => pinOf({ id: item.name, label: item.name, kind: 'source', latitude: item.latitude, longitude: item.longitude })),
  ];
  return <MapView label="Sources" height={260} pins={pins} routes={[...used].map((entry) => [entry, ' destination'] as const)} />;
}

function CarrierRates({ carrier }: { carrier: NonNullable<Quote['carrier']> }) {
  return (
    <Card flush title={`Rates of ${carrier.name}`} extra={carrier.is_fallback && <Badge tone="attention">Includes fallback rates</Badge>}>
      <HorizontalScroll label="Rates">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">From</th>
              <th scope="col">Zone</th>
              <th scope="col" className="num">
                Weight
              </th>
              <th scope="col" className="num">
                Base
              </th>
              <th scope="col">Surcharges</th>
              <th scope="col" className="num">
                Net
              </th>
              <th scope="col">Arrives by</th>
            </tr>
          </thead>
          <tbody>
            {carrier.rates.map((rate) => (
              <tr key={`${rate.service} ${rate.source}`}>
                <td className="what">
                  <span className="two-line">
                    <span className="strong">{rate.title}</span>
                    {rate.is_fallback && <span className="muted">Fallback: {rate.reason}</span>}
                    {rate.live && <span className="muted">Live carrier rate</span>}
                  </span>
                </td>
                <td>{rate.source}</td>
                <td>{rate.zone || '—'}</td>
                <td className="num figure">{formatDecimal(rate.weight)} kg</td>
                <td className="num figure">{formatCost(rate.base, '', rate.currency)}</td>
                <td>
                  {rate.surcharges.map((extra) => (
                    <div key={extra.name} className="nowrap">
                      {humanize(extra.name)} <span className="figure">{formatCost(extra.amount, '', rate.currency)}</span>
                    </div>
                  ))}
                  {rate.surcharges.length === 0 && <span className="muted">None</span>}
                </td>
                <td className="num figure strong">
                  <Cost value={rate.net} unit={rate.currency} />
                </td>
                <td>
                  {rate.edd.slice(0, 3).map((arrival) => (
                    <div key={arrival.date} className="nowrap">
                      <CalendarDate date={arrival.date} /> <span className="muted">{formatPercent(arrival.confidence)}</span>
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </HorizontalScroll>
    </Card>
  );
}

/** Possible delivery days as a calendar. */
function DeliveryCalendar({ days }: { days: Quote['calendar'] }) {
  const first = days[0];
  if (!first || days.every((day) => !day.possible)) return <p className="muted">No delivery in the next 30 days.</p>;
  const lead = (noon(first.date).getUTCDay() + 6) % 7;
  const week = Array.from({ length: 7 }, (_, index) => weekday.format(new Date(Date.UTC(2024, 0, 1 + index, 12))));
  return (
    <div className="days" role="list" aria-label="Possible delivery days">
      {week.map((name) => (
        <span key={name} className="weekday" aria-hidden="true">
          {name}
        </span>
      ))}
      {Array.from({ length: lead }, (_, index) => (
        <span key={index} className="weekday" aria-hidden="true" />
      ))}
      {days.map((item) => (
        <span key={item.date} role="listitem" data-possible={item.possible} title={item.possible ? 'Possible' : 'Not possible'}>
          {dayOfMonth.format(noon(item.date))}
          <span className="visually-hidden">{item.possible ? ', possible' : ', not possible'}</span>
          {item.possible && <span aria-hidden="true"> ✓</span>}
        </span>
      ))}
    </div>
  );
}

function PickupOptions({ options }: { options: Quote['pickup'] }) {
  if (options.length === 0)
    return (
      <Card title="Pickup">
        <p className="muted">Pickup is not available for this cart.</p>
      </Card>
    );
  return (
    <Card flush title="Pickup">
      <HorizontalScroll label="Pickup options">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">How</th>
              <th scope="col">Where</th>
              <th scope="col">Ready</th>
              <th scope="col" className="num">
                Distance
              </th>
            </tr>
          </thead>
          <tbody>
            {options.map((option) => (
              <tr key={`${option.kind} ${option.source}`}>
                <td>{pickupKindLabels[option.kind] ?? humanize(option.kind)}</td>
                <td>
                  <span className="two-line">
                    <span className="strong">{option.source}</span>
                    <span className="muted">{option.title}</span>
                  </span>
                </td>
                <td>
                  <Timestamp at={option.ready_at} format="date" />
                </td>
                <td className="num figure">{formatDecimal(Math.round(option.distance_km))} km</td>
              </tr>
            ))}
          </tbody>
        </table>
      </HorizontalScroll>
    </Card>
  );
}
