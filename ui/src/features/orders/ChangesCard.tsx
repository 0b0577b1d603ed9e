import { type OrderChange, type OrderChanges, undoChange } from '@client/orderChanges';
import type { OrderDetail } from '@client/orders';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { Card } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import './change/change.css';
import { MoneyDifference } from './change/MoneyDifference';

/** What people and the channel have changed on an order, newest first, with Undo where it is possible. */
export function ChangesCard({ order, changes }: { order: OrderDetail; changes: OrderChanges | undefined }) {
  const queryClient = useQueryClient();
  const { message } = App.useApp();
  const undo = useMutation({
    mutationFn: (change: string) => undoChange(order.id, change),
    onSuccess: () => message.success('The change was undone'),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['order', order.id] }),
  });
  if (changes === undefined || changes.changes.length === 0) return null;
  return (
    <Card title="Changes">
      {undo.error && <ProblemNotice compact error={undo.error} />}
      <ol className="changes">
        {changes.changes.map((change) => (
          <Change key={change.id} change={change} isPending={undo.isPending} onUndo={() => undo.mutate(change.id)} />
        ))}
      </ol>
    </Card>
  );
}

function Change({ change, isPending, onUndo }: { change: OrderChange; isPending: boolean; onUndo: () => void }) {
  const mayWrite = usePermission('orders.write');
  const reason = mayWrite ? change.undo.reason : 'Your role may not change orders';
  const isUndone = change.undone_by !== null;
  return (
    <li data-undone={isUndone}>
      <ul className="change-words">
        {change.words.map((word, index) => (
          <li key={`${index} ${word}`}>{word}</li>
        ))}
      </ul>
      {change.reason && <div>{change.reason}</div>}
      <div className="fine">
        <MoneyDifference amount={change.money.difference} currency={change.money.currency} />
        <span>{change.origin === 'source' ? `in ${change.author}` : `by ${change.author}`}</span>
        <Timestamp at={change.recorded_at} />
        {isUndone && <span>undone</span>}
        {!isUndone && change.undoes === null && change.origin === 'person' && (
          <ExplainedButton
            size="small"
            loading={isPending}
            allowed={mayWrite && change.undo.allowed}
            disabledReason={reason}
            aria-label={`Undo change ${change.number}`}
            onClick={onUndo}
          >
            Undo
          </ExplainedButton>
        )}
      </div>
    </li>
  );
}
