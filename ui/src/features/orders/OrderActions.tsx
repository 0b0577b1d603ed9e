import { CloseOutlined, PauseOutlined, PlayCircleOutlined, RollbackOutlined, StopOutlined } from '@kit/icons';
import type { OrderChanges } from '@client/orderChanges';
import type { OrderAction, OrderDetail, OrderFulfillment } from '@client/orders';
import { RecordActions } from '@kit/list';
import { ExplainedButton } from '@kit/ExplainedButton';
import { usePermission } from '@kit/usePermission';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { CancellationEffects } from './CancellationEffects';
import { orderActions } from './orderActions';

type HeaderAction = Exclude<OrderAction, 'reprocess'>;

const names: readonly HeaderAction[] = ['release', 'hold', 'recall', 'recall_cancel', 'cancel'];
const icons: Record<HeaderAction, ReactNode> = {
  hold: <PauseOutlined />,
  release: <PlayCircleOutlined />,
  cancel: <CloseOutlined />,
  recall: <RollbackOutlined />,
  recall_cancel: <StopOutlined />,
};

/** Actions for an order; disabled ones explain why. */
export function OrderActions({
  order,
  fulfillment,
  changes,
}: {
  order: OrderDetail;
  fulfillment: OrderFulfillment[] | undefined;
  changes: OrderChanges | undefined;
}) {
  const navigate = useNavigate();
  const mayWrite = usePermission('orders.write');
  const queryClient = useQueryClient();
  const permits: Record<HeaderAction, { allowed: boolean; reason: string }> = {
    ...order.actions,
    recall_cancel: order.actions.recall,
  };
  const refusal = !mayWrite
    ? 'Your role may not change orders'
    : changes && !changes.edit.allowed && !changes.goodwill.allowed
      ? changes.edit.reason
      : '';
  return (
    <>
      <ExplainedButton allowed={refusal === ''} disabledReason={refusal} onClick={() => void navigate(`/orders/${order.id}/edit`)}>
        Edit order
      </ExplainedButton>
      <RecordActions
        record={{ id: order.id, label: order.number }}
        noun={['order', 'orders']}
        actions={names.map((name) => ({
          action: orderActions[name],
          ...permits[name],
          icon: icons[name],
          effects: (name === 'cancel' || name === 'recall_cancel') && <CancellationEffects order={order} fulfillment={fulfillment} />,
        }))}
        onDone={() =>
          void Promise.all([
            queryClient.invalidateQueries({ queryKey: ['order', order.id] }),
            queryClient.invalidateQueries({ queryKey: ['orders'] }),
          ])
        }
      />
    </>
  );
}
