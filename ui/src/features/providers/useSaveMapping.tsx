import { deleteMappings, type Mapping, type MappingsSaved, saveMappings } from '@client/providers';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { Link } from 'react-router';

const undoSeconds = 30;
const counted = (count: number, [one, many]: readonly [string, string]): string => `${formatNumber(count)} ${count === 1 ? one : many}`;

/** Save one mapping, confirm what it released, and offer to undo it. */
export function useSaveMapping({
  onSaved,
  onChanged,
  before,
}: {
  onSaved: () => void;
  /** Called when it was saved, and when that was undone. */
  onChanged?: () => void;
  /** The mapping that is changed; it is restored by an undo. */
  before?: Mapping;
}) {
  const { notification } = App.useApp();
  const queryClient = useQueryClient();
  const refresh = (): void => {
    for (const key of ['mappings', 'messages', 'orders', 'provider-instances']) void queryClient.invalidateQueries({ queryKey: [key] });
    onChanged?.();
  };

  const restore = async (key: string, previous: Mapping): Promise<void> => {
    notification.destroy(key);
    try {
      await saveMappings([previous]);
      notification.success({ title: `${previous.value} is mapped to ${previous.internal} again` });
    } catch (error) {
      notification.error({ title: 'The mapping could not be restored', description: <ProblemNotice compact error={error} />, duration: 0 });
    }
    refresh();
  };

  const undo = async (key: string, mapping: Mapping, saved: MappingsSaved): Promise<void> => {
    notification.destroy(key);
    try {
      const { orders } = await deleteMappings([mapping], saved.messages);
      const waiting = saved.replayed - orders.length;
      notification.success({
        title: `Mapping of ${mapping.value} deleted`,
        description: (
          <>
            {orders.length === 0 && 'No order had been accepted.'}
            {orders.length > 0 && (
              <>
                {counted(orders.length, ['order was', 'orders were'])} already accepted and not changed:{' '}
                {orders.slice(0, 10).map((order) => (
                  <Link key={order.id} to={`/orders/${order.id}`} className="undone-order">
                    {order.number}
                  </Link>
                ))}
                {orders.length > 10 && `and ${formatNumber(orders.length - 10)} more`}
              </>
            )}
            {waiting > 0 && ` ${counted(waiting, ['message is', 'messages are'])} parked again.`}
          </>
        ),
        duration: 0,
      });
    } catch (error) {
      notification.error({ title: 'The mapping could not be deleted', description: <ProblemNotice compact error={error} />, duration: 0 });
    }
    refresh();
  };

  return useMutation({
    mutationFn: async (mapping: Mapping) => {
      const saved = await saveMappings([mapping]);
      const refused = saved.results.find((result) => !result.ok);
      if (refused) throw new Error(refused.reason);
      return saved;
    },
    onSuccess: (saved, mapping) => {
      const key = `mapped ${mapping.table} ${mapping.value}`;
      notification.success({
        key,
        title: `${mapping.value} is mapped to ${mapping.internal}`,
        description: `${counted(saved.replayed, ['message', 'messages'])} replayed.`,
        actions: (
          <Button size="small" onClick={() => void (before ? restore(key, before) : undo(key, mapping, saved))}>
            Undo
          </Button>
        ),
        duration: undoSeconds,
        showProgress: true,
      });
      refresh();
      onSaved();
    },
  });
}
