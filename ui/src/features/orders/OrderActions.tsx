import { CloseOutlined, PauseOutlined, PlayCircleOutlined, RedoOutlined, RollbackOutlined, StopOutlined } from '@kit/icons';
import type { FlowRun, OrderDetail, OrderAction } from '@client/orders';
import { ActionDialog } from '@kit/list';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { orderActions } from './orderActions';

const icons: Record<OrderAction, ReactNode> = {
  hold: <PauseOutlined />,
  release: <PlayCircleOutlined />,
  cancel: <CloseOutlined />,
  recall: <RollbackOutlined />,
  recall_cancel: <StopOutlined />,
  reprocess: <RedoOutlined />,
};

/** Actions for an order; disabled ones explain why. */
export function OrderActions({ order, flowRuns }: { order: OrderDetail; flowRuns: FlowRun[] | undefined }) {
  const [action, setAction] = useState<OrderAction>();
  const queryClient = useQueryClient();
  const hasFailedRun = flowRuns?.some((flowRun) => flowRun.state === 'failed') ?? false;
  const permits: Record<OrderAction, { allowed: boolean; reason: string }> = {
    reprocess: { allowed: hasFailedRun, reason: 'No step of this order has failed' },
    ...order.actions,
    recall_cancel: order.actions.recall,
  };
  return (
    <>
      {(['reprocess', 'release', 'hold', 'recall', 'recall_cancel', 'cancel'] as const).map((name) => (
        <ExplainedButton
          key={name}
          icon={icons[name]}
          type={name === 'reprocess' && hasFailedRun ? 'primary' : 'default'}
          danger={name === 'cancel' || name === 'recall_cancel'}
          allowed={permits[name].allowed}
          disabledReason={permits[name].reason}
          onClick={() => setAction(name)}
        >
          {orderActions[name].label}
        </ExplainedButton>
      ))}
      {action && (
        <ActionDialog
          action={orderActions[action]}
          selectedRows={[{ id: order.id, label: order.number }]}
          noun={['order', 'orders']}
          onClose={() => setAction(undefined)}
          onDone={() =>
            void Promise.all([
              queryClient.invalidateQueries({ queryKey: ['order', order.id] }),
              queryClient.invalidateQueries({ queryKey: ['orders'] }),
            ])
          }
        />
      )}
    </>
  );
}
