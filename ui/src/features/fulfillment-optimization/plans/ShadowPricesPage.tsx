import { asProblem } from '@client/problem';
import { listShadowPrices, type ShadowPrice, type ShadowPrices } from '@client/sourcing';
import { CheckCircleFilled, EnvironmentOutlined } from '@kit/icons';
import { EmptyState, QueryContent, ProblemNotice } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { Page, Card } from '@kit/layout';
import { FilterBar, useUrlFilters } from '@kit/list';
import { MapView, pinOf } from '@kit/MapView';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Badge } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { cost, headed } from '../labels';
import '../optimization.css';

const FIRST = 200;
const MOST = 1000;
const keys = ['plan', 'source', 'product'] as const;
const filters = [
  { key: 'source', label: 'Source', kind: 'text' },
  { key: 'product', label: 'Product', kind: 'text' },
] as const;

/** Savings that were found by planning again come before prices nobody has looked at. */
const standing = (row: ShadowPrice): number => (row.saving !== null && row.saving > 0 ? 1e9 + row.saving : row.price);
const thing = (row: ShadowPrice): string => (row.product === null ? 'parcel a day' : `unit of ${row.product}`);

/** What one more unit on a shelf, or one more parcel of a day, would have saved a batch. */
export default function ShadowPricesPage() {
  const [chosen, change] = useUrlFilters(keys);
  const [limit, setLimit] = useState(FIRST);
  const prices = useQuery({
    queryKey: ['shadow-prices', chosen, limit],
    queryFn: () => listShadowPrices({ ...chosen, limit }),
    placeholderData: (before) => before,
    retry: (times, error) => asProblem(error).status !== 404 && times < 2,
  });
  const nothing = prices.error !== null && asProblem(prices.error).status === 404 && chosen.plan === undefined;
  return (
    <Page
      title="Shadow prices"
      lead="What stock and capacity were worth to a batch: where one more unit, or one more parcel a day, would have saved most."
      actions={chosen.plan !== undefined && <Button onClick={() => change({ plan: undefined })}>Show the newest batch</Button>}
    >
      {nothing ? (
        <Card>
          <EmptyState
            icon={<EnvironmentOutlined />}
            title="No batch has left prices yet"
            action={<Link to="/strategies">Go to strategies</Link>}
          >
            Shadow prices come from batches in which stock or capacity ran short. Let a strategy collect orders in a batch window; the next
            batch that had too little of something leaves its prices here.
          </EmptyState>
        </Card>
      ) : prices.error && !prices.data ? (
        <ProblemNotice error={prices.error} onRetry={() => void prices.refetch()} />
      ) : (
        <QueryContent answer={prices} rows={10}>
          {(data) => (
            <Prices
              data={data}
              toolbar={<FilterBar filters={filters} values={chosen} onChange={change} />}
              more={limit < Math.min(MOST, data.total) ? () => setLimit(MOST) : undefined}
            />
          )}
        </QueryContent>
      )}
    </Page>
  );
}

function Prices({ data, toolbar, more }: { data: ShadowPrices; toolbar: ReactNode; more: (() => void) | undefined }) {
  const best = new Map<string, ShadowPrice>();
  for (const row of data.items) {
    const before = best.get(row.source);
    if (before === undefined || standing(row) > standing(before)) best.set(row.source, row);
  }
  const pins = [...best.values()].flatMap((row) =>
    pinOf({
      id: row.source,
      label: `${row.source} ${row.saving === null ? `up to ${cost(row.price, data.currency)}` : cost(row.saving, data.currency)}`,
      kind: (row.saving ?? row.price) > 0 ? 'source' : 'inactive',
      latitude: row.latitude,
      longitude: row.longitude,
    }),
  );
  return (
    <>
      <p className="muted">
        From the <Link to={`/plans/${data.plan_id}`}>batch</Link> of strategy <strong>{data.strategy}</strong>, <Timestamp at={data.at} />;{' '}
        {formatNumber(data.total)} {data.total === 1 ? 'price' : 'prices'}
        {data.items.length < data.total && `, the dearest ${formatNumber(data.items.length)} shown`}.
      </p>
      {pins.length > 0 && <MapView label="The dearest price of each source" height={360} pins={pins} />}
      <div className="list card flush">
        {toolbar}
        {data.items.length === 0 ? (
          <EmptyState icon={<EnvironmentOutlined />} title="Nothing was scarce">
            This batch had enough of everything asked for here: one more unit would have saved nothing.
          </EmptyState>
        ) : (
          <HorizontalScroll label="Shadow prices">
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">What one more would do</th>
                  <th scope="col">Source</th>
                  <th scope="col">Product</th>
                  <th scope="col" className="num">
                    {headed('Saves', data.currency)}
                  </th>
                  <th scope="col" className="num">
                    {headed('Price of the batch', data.currency)}
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((row) => (
                  <tr key={`${row.source} ${row.product ?? ''}`}>
                    <td>
                      <Said row={row} currency={data.currency} />
                    </td>
                    <td>
                      <span className="two-line">
                        <span className="strong">{row.source}</span>
                        {row.title !== row.source && <span className="muted">{row.title}</span>}
                      </span>
                    </td>
                    <td className="nowrap">
                      {row.product === null ? (
                        <Badge>Capacity of the day</Badge>
                      ) : (
                        <Link
                          className="nowrap"
                          to={`/inventory?product=${encodeURIComponent(row.product)}&source=${encodeURIComponent(row.source)}`}
                        >
                          {row.product}
                        </Link>
                      )}
                    </td>
                    <td className={row.saving === null ? 'num muted nowrap' : 'num figure strong'}>
                      {row.saving === null ? 'not looked at' : cost(row.saving)}
                    </td>
                    <td className="num figure">{cost(row.price)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </HorizontalScroll>
        )}
      </div>
      {more && (
        <Button style={{ justifySelf: 'center' }} onClick={more}>
          Show more prices
        </Button>
      )}
    </>
  );
}

/** The price read aloud; one that was planned again says so. */
function Said({ row, currency }: { row: ShadowPrice; currency: string }) {
  if (row.saving === null)
    return (
      <span className="muted">
        One more {thing(row)} at {row.source} is worth up to {cost(row.price, currency)}
      </span>
    );
  return (
    <span className="row" style={{ gap: 6 }}>
      <span>
        One more {thing(row)} at {row.source} {row.saving > 0 ? `saves ${cost(row.saving, currency)}` : 'saves nothing after all'}
      </span>
      <Badge tone="done" icon={<CheckCircleFilled />}>
        Planned again
      </Badge>
    </span>
  );
}
