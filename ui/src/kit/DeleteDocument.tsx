import { applyDocuments, type ConfigurationDocument, deleteDocument } from '@client/configuration';
import { useMutation, useQuery } from '@tanstack/react-query';
import { App, Button, Modal, Skeleton } from 'antd';
import { useState } from 'react';
import { ProblemNotice } from './feedback';
import { ExplainedButton } from './ExplainedButton';

const UNDO_SECONDS = 20;

/** A delete button that checks for usages, and offers to undo. */
export function DeleteDocument({
  document,
  noun,
  allowed,
  disabledReason,
  small,
  onChanged,
  onDeleted,
}: {
  document: ConfigurationDocument;
  noun: string;
  allowed: boolean;
  disabledReason: string;
  small?: boolean;
  /** Called after deleting and after undoing. */
  onChanged: () => void;
  onDeleted?: () => void;
}) {
  const [dialogOpen, setDialogOpen] = useState(false);
  return (
    <>
      <ExplainedButton
        danger
        size={small ? 'small' : undefined}
        allowed={allowed}
        disabledReason={disabledReason}
        aria-label={small ? `Delete ${noun} ${document.name}` : undefined}
        onClick={() => setDialogOpen(true)}
      >
        Delete
      </ExplainedButton>
      {dialogOpen && (
        <DeleteDialog document={document} noun={noun} onClose={() => setDialogOpen(false)} onChanged={onChanged} onDeleted={onDeleted} />
      )}
    </>
  );
}

function DeleteDialog({
  document,
  noun,
  onClose,
  onChanged,
  onDeleted,
}: {
  document: ConfigurationDocument;
  noun: string;
  onClose: () => void;
  onChanged: () => void;
  onDeleted?: () => void;
}) {
  const { message, notification } = App.useApp();
  const { kind, name } = document;
  const check = useQuery({
    queryKey: ['may-delete', kind, name],
    queryFn: async () => {
      await deleteDocument(kind, name, true);
      return true;
    },
    retry: false,
    gcTime: 0,
    staleTime: 0,
  });
  const undo = async (key: string): Promise<void> => {
    notification.destroy(key);
    try {
      await applyDocuments([document]);
      message.success(`${name} restored`);
      onChanged();
    } catch (error) {
      notification.error({ title: `${name} could not be restored`, description: <ProblemNotice compact error={error} />, duration: 0 });
    }
  };
  const mutation = useMutation({
    mutationFn: () => deleteDocument(kind, name),
    onSuccess: () => {
      const key = `deleted ${kind} ${name}`;
      notification.success({
        key,
        title: `Deleted ${noun} ${name}`,
        description: 'Earlier versions are kept. Undo restores it.',
        actions: (
          <Button size="small" onClick={() => void undo(key)}>
            Undo
          </Button>
        ),
        duration: UNDO_SECONDS,
        showProgress: true,
      });
      onClose();
      onChanged();
      onDeleted?.();
    },
  });
  const refusal = mutation.error ?? check.error;
  return (
    <Modal
      open
      title={refusal ? `This ${noun} is in use` : `Delete ${noun} ${name}?`}
      onCancel={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {!refusal && (
            <ExplainedButton
              type="primary"
              danger
              loading={mutation.isPending}
              allowed={check.isSuccess}
              disabledReason="Checking what uses it"
              onClick={() => mutation.mutate()}
            >
              Delete {noun}
            </ExplainedButton>
          )}
        </>
      }
    >
      {refusal ? (
        <ProblemNotice compact error={refusal} />
      ) : check.isPending ? (
        <Skeleton active title={false} paragraph={{ rows: 2 }} />
      ) : (
        <p>
          No other document uses it. New orders will not use it; existing decisions do not change. You can undo this right after deleting.
        </p>
      )}
    </Modal>
  );
}
