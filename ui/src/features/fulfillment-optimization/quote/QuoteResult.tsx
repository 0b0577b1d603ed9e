import { listSources } from '@client/inventory';
import type { Quote } from '@client/sourcing';
import { CheckCircleFilled, CloseCircleFilled } from '@kit/icons';
import { Day, whole, When } from '@kit/format';
import { Section } from '@kit/layout';
import { MapView, pinOf } from '@kit/MapView';
import { ScrollX } from '@kit/HorizontalScroll';
import { Badge, inWords } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Cost, CostParts } from '../plans/CostBreakdown';
import { cost, figure, share, unitOf } from '../labels';

const kinds: Record<string, string> = { bopis: 'Pickup in store', curbside: 'Curbside pickup', ship_to_store: 'Ship to store' };
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' });
const dayOfMonth = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
/** A product with the dimension values that were asked for. */
const called = ({ product, dimensions }: { product: string; dimensions: Record<string, string> }): string =>
  [product, ...Object.values(dimensions).filter((one) => one.trim() !== '')].join(' ');
const noon = (date: string): Date => new Date(`${date}T12:00:00Z`);

/** What a quote answers: when, from where, for how much, and where it can be picked up. */
export function QuoteAnswer({ quote }: { quote: Quote }) {
  const unit = unitOf({ currency: quote.plan.currency, parts: quote.plan.cost_parts });
  return (
    <>
      <Section title="Promise" extra={<When at={quote.at} as="date" />}>
        <Headline quote={quote} />
      </Section>
      {quote.plan.lines.length > 0 && (
        <>
          <Where quote={quote} />
          <Section title="What it would cost us" extra={<Cost strong value={quote.plan.cost} unit={unit} />}>
            <CostParts parts={quote.plan.cost_parts} unit={unit} />
          </Section>
          {quote.carrier && <Rates carrier={quote.carrier} />}
        </>
      )}
      <Section title="Days it can be there">
        <Calendar days={quote.calendar} />
      </Section>
      <Pickup options={quote.pickup} />
      <p className="muted small">
        Execution <code>{quote.execution_id}</code>: the same question about the same stock within a minute has the same answer.
      </p>
    </>
  );
}

function Headline({ quote }: { quote: Quote }) {
  const latest = quote.promises
    .map((one) => one.delivery.expected)
    .toSorted()
    .at(-1);
  return (
    <div className="stack" style={{ gap: 10 }}>
      {quote.plan.complete && latest !== undefined ? (
        <p style={{ fontSize: '1.15rem', fontWeight: 600 }}>
          <CheckCircleFilled style={{ color: 'var(--tone-done-mark)' }} /> Everything by <Day date={latest} />
        </p>
      ) : (
        <p style={{ fontSize: '1.15rem', fontWeight: 600 }}>
          <CloseCircleFilled style={{ color: 'var(--tone-attention-mark)' }} /> Not everything can be served
        </p>
      )}
      {quote.plan.not_fulfilled.map((one) => (
        <p key={one.line_id}>
          {whole(one.quantity)} of <span className="strong">{called(one)}</span>: {one.reason}
        </p>
      ))}
      {quote.promises.length > 0 && (
        <ScrollX className="bleed" label="Promises">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">What</th>
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
              {quote.promises.map((one) => (
                <tr key={one.source}>
                  <td className="strong">{one.source}</td>
                  <td className="what">
                    {quote.plan.lines
                      .filter((line) => line.source === one.source)
                      .map((line) => `${whole(line.quantity)} × ${called(line)}`)
                      .join(', ')}
                  </td>
                  <td className="nowrap" title={`Ready ${one.ready_at}, picked up ${one.pickup_at}`}>
                    <Day date={one.ship_date} />
                  </td>
                  <td>
                    <span className="two-line">
                      <span className="strong nowrap">
                        <Day date={one.delivery.expected} />
                      </span>
                      <span className="muted nowrap">
                        <Day date={one.delivery.earliest} /> to <Day date={one.delivery.latest} />
                      </span>
                    </span>
                  </td>
                  <td className="num figure">{share(one.confidence)}</td>
                  <td className="nowrap">{[one.carrier, one.service].filter(Boolean).join(' ') || 'Standard ground'}</td>
                  <td className="num figure">{figure(Math.round(one.distance_km))} km</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
    </div>
  );
}

function Where({ quote }: { quote: Quote }) {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const used = new Set(quote.promises.map((one) => one.source));
  const { latitude, longitude, precision } = quote.destination;
  const pins = [
    ...pinOf({
      id: ' destination',
      label: precision === 'place' ? 'Destination' : 'Somewhere in the country',
      kind: 'destination',
      latitude,
      longitude,
    }),
    ...(sources.data ?? [])
      .filter((one) => used.has(one.name))
      .flatMap((one) => pinOf({ id: one.name, label: one.name, kind: 'source', latitude: one.latitude, longitude: one.longitude })),
  ];
  return <MapView label="Where it comes from" height={260} pins={pins} routes={[...used].map((one) => [one, ' destination'] as const)} />;
}

function Rates({ carrier }: { carrier: NonNullable<Quote['carrier']> }) {
  return (
    <Section flush title={`Rates of ${carrier.name}`} extra={carrier.is_fallback && <Badge tone="attention">Some rates stand in</Badge>}>
      <ScrollX label="Rates">
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
            {carrier.rates.map((one) => (
              <tr key={`${one.service} ${one.source}`}>
                <td className="what">
                  <span className="two-line">
                    <span className="strong">{one.title}</span>
                    {one.is_fallback && <span className="muted">Stands in: {one.reason}</span>}
                    {one.live && <span className="muted">Live, from the carrier</span>}
                  </span>
                </td>
                <td>{one.source}</td>
                <td>{one.zone || '—'}</td>
                <td className="num figure">{figure(one.weight)} kg</td>
                <td className="num figure">{cost(one.base)}</td>
                <td>
                  {one.surcharges.map((extra) => (
                    <div key={extra.name} className="nowrap">
                      {inWords(extra.name)} <span className="figure">{cost(extra.amount)}</span>
                    </div>
                  ))}
                  {one.surcharges.length === 0 && <span className="muted">None</span>}
                </td>
                <td className="num figure strong">
                  <Cost value={one.net} unit={one.currency} />
                </td>
                <td>
                  {one.edd.slice(0, 3).map((chance) => (
                    <div key={chance.date} className="nowrap">
                      <Day date={chance.date} /> <span className="muted">{share(chance.confidence)}</span>
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
    </Section>
  );
}

/** Thirty days by week; each says in words whether it is possible. */
function Calendar({ days }: { days: Quote['calendar'] }) {
  const first = days[0];
  if (!first || days.every((one) => !one.possible)) return <p className="muted">Not on any of the next 30 days.</p>;
  const lead = (noon(first.date).getUTCDay() + 6) % 7;
  const week = Array.from({ length: 7 }, (_, index) => weekday.format(new Date(Date.UTC(2024, 0, 1 + index, 12))));
  return (
    <div className="days" role="list" aria-label="Days it can be there">
      {week.map((name) => (
        <span key={name} className="weekday" aria-hidden="true">
          {name}
        </span>
      ))}
      {Array.from({ length: lead }, (_, index) => (
        <span key={index} className="weekday" aria-hidden="true" />
      ))}
      {days.map((one) => (
        <span key={one.date} role="listitem" data-possible={one.possible} title={one.possible ? 'Possible' : 'Not possible'}>
          {dayOfMonth.format(noon(one.date))}
          <span className="visually-hidden">{one.possible ? ', possible' : ', not possible'}</span>
          {one.possible && <span aria-hidden="true"> ✓</span>}
        </span>
      ))}
    </div>
  );
}

function Pickup({ options }: { options: Quote['pickup'] }) {
  if (options.length === 0)
    return (
      <Section title="Pickup">
        <p className="muted">No source offers pickup of this cart.</p>
      </Section>
    );
  return (
    <Section flush title="Pickup">
      <ScrollX label="Pickup options">
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
            {options.map((one) => (
              <tr key={`${one.kind} ${one.source}`}>
                <td>{kinds[one.kind] ?? inWords(one.kind)}</td>
                <td>
                  <span className="two-line">
                    <span className="strong">{one.source}</span>
                    <span className="muted">{one.title}</span>
                  </span>
                </td>
                <td>
                  <When at={one.ready_at} as="date" />
                </td>
                <td className="num figure">{figure(Math.round(one.distance_km))} km</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
    </Section>
  );
}
