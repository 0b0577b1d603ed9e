import { isAttentionChange } from '@client/attention';
import { useLive } from '@client/live';
import { getOrderChanges } from '@client/orderChanges';
import { getFlowRuns, getOrder, getOrderFulfillment, getSourcing, getTimeline } from '@client/orders';
import { ProblemNotice } from '@kit/feedback';
import { Page } from '@kit/layout';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { Link, useParams } from 'react-router';
import { ChangesCard } from './ChangesCard';
import { FailedStepCard } from './FailedStepCard';
import { FulfillmentCard } from './FulfillmentCard';
import { FlowRunsCard } from './FlowRunsCard';
import { OrderLinesCard } from './OrderLinesCard';
import { OrderActions } from './OrderActions';
import { NotesCard } from './NotesCard';
import { CustomerPageCard } from './CustomerPageCard';
import { NoticesCard } from './NoticesCard';
import { OrderHeader } from './OrderHeader';
import './orders.css';
import PaymentsCard from './payments/PaymentsCard';
import { PriceCard } from './PriceCard';
import { ReturnsCard } from './ReturnsCard';
import { SourcingCard } from './SourcingCard';
import { TimelineCard } from './TimelineCard';
import { SourceChangesCard } from './SourceChangesCard';
import { SourceMapCard } from './SourceMapCard';
import { VerdictCard } from './VerdictCard';
import { WatchButton } from './WatchButton';

const back = (
  <Link to="/orders" className="crumb">
    Sales orders
  </Link>
);

/** An order: the verdict first, then its lines, fulfillment, money and timeline; decisions are folded. Updates live. */
export default function OrderPage() {
  const { id = '' } = useParams();
  const queryClient = useQueryClient();
  const order = useQuery({ queryKey: ['order', id], queryFn: () => getOrder(id) });
  const fulfillment = useQuery({ queryKey: ['order', id, 'fulfillment'], queryFn: () => getOrderFulfillment(id) });
  const flowRuns = useQuery({ queryKey: ['order', id, 'flowRuns'], queryFn: () => getFlowRuns(id) });
  const sourcing = useQuery({ queryKey: ['order', id, 'sourcing'], queryFn: () => getSourcing(id) });
  const timeline = useQuery({ queryKey: ['order', id, 'timeline'], queryFn: () => getTimeline(id) });
  const changes = useQuery({ queryKey: ['order', id, 'changes'], queryFn: () => getOrderChanges(id) });
  useLive((events) => {
    if (events.some((change) => change.root_id === id || isAttentionChange(change)))
      void queryClient.invalidateQueries({ queryKey: ['order', id] });
  });

  if (!order.data) {
    return (
      <Page title="Order" breadcrumb={back}>
        {order.error ? (
          <ProblemNotice error={order.error} onRetry={() => void order.refetch()} />
        ) : (
          <Skeleton active paragraph={{ rows: 10 }} />
        )}
      </Page>
    );
  }
  return (
    <Page
      breadcrumb={back}
      documentTitle={`Order ${order.data.number}`}
      title={`Order ${order.data.number}`}
      actions={
        <>
          <WatchButton orderId={id} version={timeline.dataUpdatedAt} />
          <OrderActions order={order.data} fulfillment={fulfillment.data} changes={changes.data} />
        </>
      }
    >
      <VerdictCard order={order.data} />
      <OrderHeader order={order.data} />
      <div className="main-side">
        <div className="stack">
          <FailedStepCard order={order.data} flowRuns={flowRuns.data} />
          <SourceChangesCard order={order.data} />
          <OrderLinesCard order={order.data} />
          <FulfillmentCard query={fulfillment} />
          <ReturnsCard order={order.data} />
          <SourceMapCard order={order.data} fulfillment={fulfillment.data ?? []} />
          <SourcingCard query={sourcing} order={order.data} />
          <FlowRunsCard query={flowRuns} />
        </div>
        <div className="stack">
          <PriceCard order={order.data} />
          <PaymentsCard orderId={id} />
          <NotesCard orderId={id} />
          <NoticesCard orderId={id} />
          <CustomerPageCard orderId={id} />
          <ChangesCard order={order.data} changes={changes.data} />
          <TimelineCard query={timeline} />
        </div>
      </div>
    </Page>
  );
}
