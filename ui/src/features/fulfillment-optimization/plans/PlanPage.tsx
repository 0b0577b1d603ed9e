import { getPlan, getOrderNames, type PlanDetail, type PlanOrder } from '@client/sourcing';
import { LeftOutlined } from '@kit/icons';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { DescriptionList, Page, Card } from '@kit/layout';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Badge, StateTag } from '@kit/states';
import { humanize } from '@vocabulary';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button, Skeleton } from 'antd';
import { Link, useParams, useSearchParams } from 'react-router';
import { CostBreakdown } from './CostBreakdown';
import { ExplainDrawer } from './ExplainDrawer';
import { formatCost, withUnit, costUnit } from '@kit/costs';
import { planModeLabels, formatSeconds, formatPercent } from '../labels';
import '../optimization.css';

/** A sourcing run with its cost and orders. */
export default function PlanPage() {
  const { id = '' } = useParams();
  const [params, setParams] = useSearchParams();
  const order = params.get('order');
  const plan = useInfiniteQuery({
    queryKey: ['plans', 'one', id],
    queryFn: ({ pageParam }) => getPlan(id, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const firstPage = plan.data?.pages[0];
  const orders = plan.data?.pages.flatMap((page) => page.items) ?? [];
  const openOrder = (next: string | null): void =>
    setParams((before) => {
      const search = new URLSearchParams(before);
      if (next === null) search.delete('order');
      else search.set('order', next);
      return search;
    });
  return (
    <Page
      title="Plan"
      documentTitle="Plan"
      breadcrumb={
        <Link className="crumb" to="/plans">
          <LeftOutlined /> Plans
        </Link>
      }
      description={
        firstPage && (
          <>
            {planModeLabels[firstPage.mode] ?? firstPage.mode} run of strategy <strong>{firstPage.strategy}</strong>,{' '}
            <Timestamp at={firstPage.planned_at} />
          </>
        )
      }
      actions={firstPage?.mode === 'batch' && <Link to={`/shadow-prices?plan=${id}`}>View shadow prices</Link>}
    >
      {plan.error && !firstPage && <ProblemNotice error={plan.error} onRetry={() => void plan.refetch()} />}
      {plan.isPending && (
        <div aria-busy="true" aria-label="Loading">
          <Skeleton active title={false} paragraph={{ rows: 10, width: '100%' }} />
        </div>
      )}
      {firstPage && (
        <>
          <Summary plan={firstPage} />
          <Orders orders={orders} plan={firstPage} onOpen={openOrder} />
          {plan.hasNextPage && (
            <Button style={{ justifySelf: 'center' }} loading={plan.isFetchingNextPage} onClick={() => void plan.fetchNextPage()}>
              Load more orders
            </Button>
          )}
        </>
      )}
      {order !== null && (
        <ExplainDrawer
          order={order}
          decision={orders.find((item) => item.order_id === order)?.decision_id}
          onClose={() => openOrder(null)}
        />
      )}
    </Page>
  );
}

function Summary({ plan }: { plan: PlanDetail }) {
  const unit = costUnit(plan);
  const items: [string, string, string?][] = [
    ['Cost', formatCost(plan.cost, unit), plan.orders > 0 ? `${formatCost(plan.cost / plan.orders, unit)} per order` : undefined],
    ['Lower bound', formatCost(plan.lower_bound, unit), plan.lower_bound === null ? 'batch runs only' : 'lowest possible cost'],
    ['Gap', formatPercent(plan.gap), plan.gap === 0 ? 'proven optimal' : undefined],
    ['Duration', formatSeconds(plan.seconds), humanize(plan.method)],
    ['Orders', formatNumber(plan.orders), `${formatNumber(plan.lines)} ${plan.lines === 1 ? 'line' : 'lines'}`],
    ['Not sourced', formatNumber(plan.open_lines), plan.open_lines > 0 ? 'lines without a source' : undefined],
  ];
  return (
    <>
      <dl className="figures-grid">
        {items.map(([name, value, note]) => (
          <div key={name} className="kpi">
            <dt>{name}</dt>
            <dd>{value}</dd>
            {note !== undefined && <span className="fine">{note}</span>}
          </div>
        ))}
      </dl>
      <Card title="Cost breakdown">
        <CostBreakdown parts={plan.parts} unit={unit} />
      </Card>
      {plan.moved.length > 0 && (
        <Card title="Moved lines">
          <DescriptionList
            items={plan.moved
              .slice(0, 100)
              .map((item) => [`${item.from_source} to ${item.to_source}`, `saves ${formatCost(item.saving, unit)}`] as const)}
            columns={3}
          />
        </Card>
      )}
    </>
  );
}

function Orders({ orders, plan, onOpen }: { orders: PlanOrder[]; plan: PlanDetail; onOpen: (order: string) => void }) {
  const ids = orders.map((item) => item.order_id);
  const names = useQuery({
    queryKey: ['order-names', ids],
    queryFn: async () => new Map((await getOrderNames(ids.slice(-500))).map((entry) => [entry.id, entry])),
    placeholderData: (before) => before,
  });
  if (orders.length === 0)
    return (
      <Card title="Orders">
        <p className="muted">{plan.mode === 'reoptimize' ? 'No move saved enough.' : 'The decisions of this plan are no longer stored.'}</p>
      </Card>
    );
  return (
    <Card flush title="Orders" extra="Select Explain to see the sources considered">
      <HorizontalScroll label="Orders of this plan">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Order</th>
              <th scope="col">Customer</th>
              <th scope="col">Sources</th>
              <th scope="col">Outcome</th>
              <th scope="col" className="num">
                {withUnit('Cost', costUnit(plan))}
              </th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {orders.map((candidate) => {
              const name = names.data?.get(candidate.order_id);
              return (
                <tr key={candidate.decision_id}>
                  <td>
                    <Link className="strong figure" to={`/orders/${candidate.order_id}`}>
                      {name?.number ?? candidate.order_id.slice(-8)}
                    </Link>
                  </td>
                  <td>{name?.customer_name}</td>
                  <td>
                    <span className="row" style={{ gap: 4 }}>
                      {candidate.sources.map((source) => (
                        <Badge key={source}>{source}</Badge>
                      ))}
                      {candidate.sources.length > 1 && <span className="muted small">split</span>}
                    </span>
                  </td>
                  <td>
                    <StateTag
                      state={candidate.complete ? 'done' : 'failed'}
                      label={candidate.complete ? 'Sourced' : 'Not fully sourced'}
                      tone={candidate.complete ? 'done' : 'attention'}
                    />
                  </td>
                  <td className="num figure">{formatCost(candidate.cost)}</td>
                  <td>
                    <button
                      type="button"
                      className="link-button"
                      aria-label={`Explain order ${name?.number ?? candidate.order_id}`}
                      onClick={() => onOpen(candidate.order_id)}
                    >
                      Explain
                    </button>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </HorizontalScroll>
    </Card>
  );
}
