import { deleteMappings, type Mapping, type MappingsSaved, saveMappings } from '@client/providers';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useNavigate } from 'react-router';

const undoSeconds = 30;
const counted = (count: number, [one, many]: readonly [string, string]): string => `${formatNumber(count)} ${count === 1 ? one : many}`;

/** Save one mapping, confirm what it released, and offer to undo it. Notifications are outside the router's context. */
export function useSaveMapping({ onSaved, canUndo }: { onSaved: () => void; canUndo: boolean }) {
  const { notification } = App.useApp();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const refresh = (): void => {
    for (const key of ['mappings', 'messages', 'orders', 'provider-instances']) void queryClient.invalidateQueries({ queryKey: [key] });
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
                  <a
                    key={order.id}
                    href={`/orders/${order.id}`}
                    className="undone-order"
                    onClick={(event) => {
                      event.preventDefault();
                      void navigate(`/orders/${order.id}`);
                    }}
                  >
                    {order.number}
                  </a>
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
        actions: canUndo && (
          <Button size="small" onClick={() => void undo(key, mapping, saved)}>
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
