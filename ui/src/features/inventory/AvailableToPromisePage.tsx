import { ExplainedButton } from '@kit/ExplainedButton';
import { LineChartOutlined } from '@kit/icons';
import { listGroups, listTimelines, type PromiseDay, type Timeline } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { CalendarDate, formatNumber } from '@kit/format';
import { DescriptionList, Page, Card } from '@kit/layout';
import { usePagedList, useUrlFilters } from '@kit/list';
import { ProblemNotice } from '@kit/feedback';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Badge } from '@kit/states';
import { actorLabel, humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Button, Skeleton } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { ProductField, SourceField } from './pickers';
import './inventory.css';
import { ChartLegend, dayOf, describeDay, AvailableToPromiseChart } from './AvailableToPromiseChart';

const keys = ['product', 'source'] as const;

/** Availability of a product by day, at every source. */
export default function AvailableToPromisePage() {
  const [values, change] = useUrlFilters(keys);
  return (
    <Page
      title="Available to promise"
      description="Quantity that can be promised on each day, based on available stock, scheduled supply and demand."
    >
      <ProductSearch key={values.product ?? ''} product={values.product ?? ''} source={values.source ?? ''} onChange={change} />
      {values.product === undefined ? (
        <Suggestions onPick={(product) => change({ product })} />
      ) : (
        <Timelines product={values.product} source={values.source} onClearSource={() => change({ source: undefined })} />
      )}
    </Page>
  );
}

function ProductSearch({
  product,
  source,
  onChange,
}: {
  product: string;
  source: string;
  onChange: (change: { product?: string | undefined; source?: string | undefined }) => void;
}) {
  const [text, setText] = useState(product);
  return (
    <form
      className="card promise-query"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ product: text.trim() || undefined });
      }}
    >
      <label>
        Product
        <ProductField label="Product" value={text} onChange={setText} onPick={(picked) => onChange({ product: picked })} />
      </label>
      <label>
        Source
        <SourceField label="Source" allLabel="All sources" value={source} onChange={(next) => onChange({ source: next || undefined })} />
      </label>
      <ExplainedButton type="primary" htmlType="submit" allowed={text.trim() !== ''} disabledReason="Enter a product first">
        Show
      </ExplainedButton>
    </form>
  );
}

function Suggestions({ onPick }: { onPick: (product: string) => void }) {
  const suggestionsQuery = useQuery({ queryKey: ['inventory', 'some'], queryFn: () => listGroups({ group_by: 'product', limit: 6 }) });
  const rows = suggestionsQuery.data?.items ?? [];
  return (
    <Card>
      <EmptyState
        icon={<LineChartOutlined />}
        title="Select a product"
        action={
          rows.length > 0 ? (
            rows.map((row) => (
              <Button key={row.values.product} onClick={() => onPick(row.values.product ?? '')}>
                {row.product_name || row.values.product}
              </Button>
            ))
          ) : (
            <Link to="/inventory">View inventory</Link>
          )
        }
      >
        Choose a product to see its availability by day.
      </EmptyState>
    </Card>
  );
}

function Timelines({ product, source, onClearSource }: { product: string; source: string | undefined; onClearSource: () => void }) {
  const query = useMemo(() => ({ product, source }), [product, source]);
  const list = usePagedList({
    name: 'promise',
    query,
    fetch: listTimelines,
    rowId: (row: Timeline) => row.source,
    isRelevant: (item) => /inventory|reservation|order/.test(item.name),
    limit: 12,
  });
  if (list.error && list.rows.length === 0) return <ProblemNotice error={list.error} onRetry={list.retry} />;
  if (list.loading)
    return (
      <Card>
        <div aria-busy="true" aria-label="Loading">
          <Skeleton active title={false} paragraph={{ rows: 8, width: '100%' }} />
        </div>
      </Card>
    );
  if (list.rows.length === 0)
    return (
      <Card>
        <EmptyState
          icon={<LineChartOutlined />}
          title={source === undefined ? `No stock or supply of ${product}` : `No stock or supply of ${product} at ${source}`}
          action={
            source === undefined ? (
              <Link to="/inventory/supply">View supply orders</Link>
            ) : (
              <Button onClick={onClearSource}>All sources</Button>
            )
          }
        >
          A product can be promised where it has stock or scheduled supply.
        </EmptyState>
      </Card>
    );
  return (
    <>
      {[...list.rows.filter(timelineMoves), ...list.rows.filter((row) => !timelineMoves(row))].map((row) => (
        <SourceCard key={row.source} timeline={row} />
      ))}
      {(list.next ?? list.previous) && (
        <nav className="row" aria-label="Pages of sources">
          <ExplainedButton allowed={list.previous !== undefined} disabledReason="These are the first sources" onClick={list.previous}>
            Previous sources
          </ExplainedButton>
          <ExplainedButton allowed={list.next !== undefined} disabledReason="These are the last sources" onClick={list.next}>
            More sources
          </ExplainedButton>
        </nav>
      )}
    </>
  );
}

const hasMovement = (day: PromiseDay): boolean => day.supply > 0 || day.demand > 0 || day.entries.length > 0;
const timelineMoves = (timeline: Timeline): boolean => timeline.days.some(hasMovement);

/** Availability at one source; the chart is omitted without scheduled movements. */
function SourceCard({ timeline }: { timeline: Timeline }) {
  const [selectedIndex, setSelectedIndex] = useState(0);
  const { days } = timeline;
  const day = days[Math.min(selectedIndex, days.length - 1)];
  const daysWithMovement = days.filter(hasMovement);
  const components = Object.entries(timeline.made_of);
  const renderFigure = (value: number) => <span className="figure strong">{formatNumber(value)}</span>;
  return (
    <Card title={timeline.source} className="promise-card" extra={<AvailabilityBadge timeline={timeline} />}>
      <div className="stack">
        <DescriptionList
          columns={3}
          items={[
            ['Available now', renderFigure(timeline.free)],
            ['On hand', renderFigure(timeline.on_hand)],
            ['Reserved', renderFigure(timeline.reserved)],
            ['Safety stock', timeline.safety_stock > 0 && renderFigure(timeline.safety_stock)],
            ['Allocated', timeline.allocated > 0 && renderFigure(timeline.allocated)],
            ['Kit components', components.length > 0 && components.map(([part, each]) => `${each} × ${part}`).join(', ')],
          ]}
        />
        {daysWithMovement.length > 0 ? (
          <>
            <div>
              <div className="row between">
                <ChartLegend />
              </div>
              <AvailableToPromiseChart
                label={`${timeline.product} at ${timeline.source}`}
                days={days}
                selectedIndex={selectedIndex}
                onSelect={setSelectedIndex}
              />
              {day && (
                <p className="day-says" aria-live="polite">
                  {describeDay(day)}.
                </p>
              )}
              {day && day.entries.length > 0 && <DayEntries day={day} />}
            </div>
            <details className="ahead">
              <summary>
                {daysWithMovement.length} {daysWithMovement.length === 1 ? 'day' : 'days'} with movement
              </summary>
              <MovementTable days={daysWithMovement} />
            </details>
          </>
        ) : (
          <p className="muted">
            No supply or demand is scheduled in the next {days.length} days. <Link to="/inventory/supply">View supply orders</Link>
          </p>
        )}
      </div>
    </Card>
  );
}

/** When the product is first available. */
function AvailabilityBadge({ timeline }: { timeline: Timeline }) {
  const firstAvailableDay = timeline.days.find((day) => day.atp > 0);
  if (firstAvailableDay === undefined) return <Badge tone="failed">Not available in the next {timeline.days.length} days</Badge>;
  if (firstAvailableDay === timeline.days[0]) return <Badge tone="done">{formatNumber(firstAvailableDay.atp)} available today</Badge>;
  return (
    <Badge tone="attention">
      {formatNumber(firstAvailableDay.atp)} available from {dayOf(firstAvailableDay.day)}
    </Badge>
  );
}

function DayEntries({ day }: { day: PromiseDay }) {
  return (
    <ul className="behind" aria-label={`Entries on ${dayOf(day.day)}`}>
      {day.entries.map((entry) => (
        <li key={entry.id}>
          <span className="figure strong">
            {entry.quantity > 0 ? '+' : '−'}
            {formatNumber(Math.abs(entry.quantity))}
          </span>{' '}
          {entry.product} · {humanize(entry.cause)}
          {entry.document && <>, {entry.document}</>}
          {entry.confidence < 1 && <>, {Math.round(entry.confidence * 100)}% confidence</>}
          <span className="muted"> by {actorLabel(entry.actor)}</span>
        </li>
      ))}
    </ul>
  );
}

function MovementTable({ days }: { days: PromiseDay[] }) {
  return (
    <HorizontalScroll label="Days with movement">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Day</th>
            {['In', 'Out', 'Projected', 'Available to promise'].map((title) => (
              <th key={title} scope="col" className="num">
                {title}
              </th>
            ))}
            <th scope="col">Documents</th>
          </tr>
        </thead>
        <tbody>
          {days.map((day) => (
            <tr key={day.day}>
              <td>
                <CalendarDate date={day.day} />
              </td>
              <td className="num figure">{formatNumber(day.supply)}</td>
              <td className="num figure">{formatNumber(day.demand)}</td>
              <td className="num figure">{formatNumber(day.projected)}</td>
              <td className="num figure strong">{formatNumber(day.atp)}</td>
              <td>{[...new Set(day.entries.map((entry) => entry.document).filter((item) => item !== ''))].join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </HorizontalScroll>
  );
}
