import { deleteMappings, type Mapping, saveMappings } from '@client/providers';
import { ProblemNotice } from '@kit/feedback';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Modal } from 'antd';

const undoSeconds = 30;

/** Confirms the deletion of a mapping, and offers to undo it. */
export function DeleteMappingDialog({ mapping, onDone, onClose }: { mapping: Mapping; onDone?: () => void; onClose: () => void }) {
  const { notification } = App.useApp();
  const queryClient = useQueryClient();
  const refresh = (): void => {
    void queryClient.invalidateQueries({ queryKey: ['mappings'] });
    onDone?.();
  };
  const restore = async (key: string): Promise<void> => {
    notification.destroy(key);
    try {
      await saveMappings([mapping]);
      notification.success({ title: `Mapping of ${mapping.value} restored` });
    } catch (error) {
      notification.error({ title: 'The mapping could not be restored', description: <ProblemNotice compact error={error} />, duration: 0 });
    }
    refresh();
  };
  const remove = useMutation({
    mutationFn: () => deleteMappings([mapping]),
    onSuccess: () => {
      const key = `deleted mapping ${mapping.table} ${mapping.field} ${mapping.value}`;
      notification.success({
        key,
        title: `Mapping of ${mapping.value} deleted`,
        actions: (
          <Button size="small" onClick={() => void restore(key)}>
            Undo
          </Button>
        ),
        duration: undoSeconds,
        showProgress: true,
      });
      refresh();
      onClose();
    },
  });
  return (
    <Modal
      open
      title={`Delete mapping of ${mapping.value}?`}
      okText="Delete mapping"
      okButtonProps={{ danger: true }}
      confirmLoading={remove.isPending}
      onOk={() => remove.mutate()}
      onCancel={onClose}
    >
      <p>
        New messages with {mapping.field} <code>{mapping.value}</code> are parked until it is mapped again, unless a mapping with a wider
        scope applies. Orders that were accepted do not change.
      </p>
      {remove.error && <ProblemNotice compact error={remove.error} />}
    </Modal>
  );
}
