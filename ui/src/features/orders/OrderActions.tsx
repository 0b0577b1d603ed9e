import { CloseOutlined, PauseOutlined, PlayCircleOutlined, RedoOutlined } from '@kit/icons';
import type { FlowRun, OrderDetail, OrderAction } from '@client/orders';
import { VerbDialog } from '@kit/list';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { orderVerbs } from './orderActions';

const icons: Record<OrderAction, ReactNode> = {
  hold: <PauseOutlined />,
  release: <PlayCircleOutlined />,
  cancel: <CloseOutlined />,
  reprocess: <RedoOutlined />,
};

/** What can be done now; what cannot is shown with the reason why not. */
export function OrderActions({ order, flowRuns }: { order: OrderDetail; flowRuns: FlowRun[] | undefined }) {
  const [verb, setVerb] = useState<OrderAction>();
  const queries = useQueryClient();
  const failed = flowRuns?.some((flowRun) => flowRun.state === 'failed') ?? false;
  const allowed: Record<OrderAction, { allowed: boolean; why: string }> = {
    reprocess: { allowed: failed, why: 'No step of this order has failed, so there is nothing to reprocess' },
    ...order.actions,
  };
  return (
    <>
      {(['reprocess', 'release', 'hold', 'cancel'] as const).map((name) => (
        <ExplainedButton
          key={name}
          icon={icons[name]}
          type={name === 'reprocess' && failed ? 'primary' : 'default'}
          danger={name === 'cancel'}
          allowed={allowed[name].allowed}
          why={allowed[name].why}
          onClick={() => setVerb(name)}
        >
          {orderVerbs[name].label}
        </ExplainedButton>
      ))}
      {verb && (
        <VerbDialog
          verb={orderVerbs[verb]}
          picked={[{ id: order.id, label: order.number }]}
          noun={['order', 'orders']}
          onClose={() => setVerb(undefined)}
          onDone={() =>
            void Promise.all([
              queries.invalidateQueries({ queryKey: ['order', order.id] }),
              queries.invalidateQueries({ queryKey: ['orders'] }),
            ])
          }
        />
      )}
    </>
  );
}
