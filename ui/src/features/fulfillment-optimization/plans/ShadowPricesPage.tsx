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
import { formatCost, withUnit } from '@kit/costs';
import '../optimization.css';

const INITIAL_LIMIT = 200;
const MAX_LIMIT = 1000;
const keys = ['plan', 'source', 'product'] as const;
const filters = [
  { key: 'source', label: 'Source', kind: 'text' },
  { key: 'product', label: 'Product', kind: 'text' },
] as const;

/** Sort key: verified savings before estimated prices. */
const rankValue = (row: ShadowPrice): number => (row.saving !== null && row.saving > 0 ? 1e9 + row.saving : row.price);
const unitLabel = (row: ShadowPrice): string => (row.product === null ? 'parcel per day' : `unit of ${row.product}`);

/** Savings from one more unit of stock or capacity in a batch. */
export default function ShadowPricesPage() {
  const [filterValues, change] = useUrlFilters(keys);
  const [limit, setLimit] = useState(INITIAL_LIMIT);
  const prices = useQuery({
    queryKey: ['shadow-prices', filterValues, limit],
    queryFn: () => listShadowPrices({ ...filterValues, limit }),
    placeholderData: (before) => before,
    retry: (times, error) => asProblem(error).status !== 404 && times < 2,
  });
  const noBatchYet = prices.error !== null && asProblem(prices.error).status === 404 && filterValues.plan === undefined;
  return (
    <Page
      title="Shadow prices"
      description="Savings from one more unit of stock, or one more parcel per day, at each source."
      actions={filterValues.plan !== undefined && <Button onClick={() => change({ plan: undefined })}>Show latest batch</Button>}
    >
      {noBatchYet ? (
        <Card>
          <EmptyState icon={<EnvironmentOutlined />} title="No shadow prices yet" action={<Link to="/strategies">Go to strategies</Link>}>
            Shadow prices are calculated for batches in which stock or capacity ran short. Enable batches in a strategy.
          </EmptyState>
        </Card>
      ) : prices.error && !prices.data ? (
        <ProblemNotice error={prices.error} onRetry={() => void prices.refetch()} />
      ) : (
        <QueryContent query={prices} rows={10}>
          {(data) => (
            <Prices
              data={data}
              toolbar={<FilterBar filters={filters} values={filterValues} onChange={change} />}
              onShowMore={limit < Math.min(MAX_LIMIT, data.total) ? () => setLimit(MAX_LIMIT) : undefined}
            />
          )}
        </QueryContent>
      )}
    </Page>
  );
}

function Prices({ data, toolbar, onShowMore }: { data: ShadowPrices; toolbar: ReactNode; onShowMore: (() => void) | undefined }) {
  const bestBySource = new Map<string, ShadowPrice>();
  for (const row of data.items) {
    const before = bestBySource.get(row.source);
    if (before === undefined || rankValue(row) > rankValue(before)) bestBySource.set(row.source, row);
  }
  const pins = [...bestBySource.values()].flatMap((row) =>
    pinOf({
      id: row.source,
      label: `${row.source} ${row.saving === null ? `up to ${formatCost(row.price, data.currency)}` : formatCost(row.saving, data.currency)}`,
      kind: (row.saving ?? row.price) > 0 ? 'source' : 'inactive',
      latitude: row.latitude,
      longitude: row.longitude,
    }),
  );
  return (
    <>
      <p className="muted">
        From the <Link to={`/plans/${data.plan_id}`}>batch</Link> of strategy <strong>{data.strategy}</strong>,{' '}
        <Timestamp at={data.planned_at} />; {formatNumber(data.total)} {data.total === 1 ? 'price' : 'prices'}
        {data.items.length < data.total && `, the highest ${formatNumber(data.items.length)} shown`}.
      </p>
      {pins.length > 0 && <MapView label="Highest price of each source" height={360} pins={pins} />}
      <div className="list card flush">
        {toolbar}
        {data.items.length === 0 ? (
          <EmptyState icon={<EnvironmentOutlined />} title="No shortages in this plan">
            Additional stock or capacity would not have reduced the cost.
          </EmptyState>
        ) : (
          <HorizontalScroll label="Shadow prices">
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">Effect</th>
                  <th scope="col">Source</th>
                  <th scope="col">Product</th>
                  <th scope="col" className="num">
                    {withUnit('Saves', data.currency)}
                  </th>
                  <th scope="col" className="num">
                    {withUnit('Shadow price', data.currency)}
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((row) => (
                  <tr key={`${row.source} ${row.product ?? ''}`}>
                    <td>
                      <PriceSentence row={row} currency={data.currency} />
                    </td>
                    <td>
                      <span className="two-line">
                        <span className="strong">{row.source}</span>
                        {row.title !== row.source && <span className="muted">{row.title}</span>}
                      </span>
                    </td>
                    <td className="nowrap">
                      {row.product === null ? (
                        <Badge>Daily capacity</Badge>
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
                      {row.saving === null ? 'not verified' : formatCost(row.saving)}
                    </td>
                    <td className="num figure">{formatCost(row.price)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </HorizontalScroll>
        )}
      </div>
      {onShowMore && (
        <Button style={{ justifySelf: 'center' }} onClick={onShowMore}>
          Show more prices
        </Button>
      )}
    </>
  );
}

/** A shadow price as a sentence; verified savings are marked. */
function PriceSentence({ row, currency }: { row: ShadowPrice; currency: string }) {
  if (row.saving === null)
    return (
      <span className="muted">
        One more {unitLabel(row)} at {row.source} is worth up to {formatCost(row.price, currency)}
      </span>
    );
  return (
    <span className="row" style={{ gap: 6 }}>
      <span>
        One more {unitLabel(row)} at {row.source} {row.saving > 0 ? `saves ${formatCost(row.saving, currency)}` : 'saves nothing'}
      </span>
      <Badge tone="done" icon={<CheckCircleFilled />}>
        Verified
      </Badge>
    </span>
  );
}
