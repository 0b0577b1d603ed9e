import { type ReactNode, useState } from 'react';
import { ExplainedButton } from '../ExplainedButton';
import { ActionDialog, type BulkAction } from './BulkActionBar';

export interface RecordAction {
  action: BulkAction;
  allowed: boolean;
  /** Why the action is not allowed. */
  reason: string;
  icon?: ReactNode;
  /** What the action changes elsewhere, shown before it is confirmed. */
  effects?: ReactNode;
}

interface Props {
  record: { id: string; label: string };
  noun: readonly [string, string];
  actions: readonly RecordAction[];
  onDone: () => void;
}

/** Actions on one record, each with its dialog; the ones that are not allowed explain why. */
export function RecordActions({ record, noun, actions, onDone }: Props) {
  const [open, setOpen] = useState<RecordAction>();
  return (
    <>
      {actions.map((item) => (
        <ExplainedButton
          key={item.action.name}
          icon={item.icon}
          danger={item.action.danger}
          allowed={item.allowed}
          disabledReason={item.reason}
          onClick={() => setOpen(item)}
        >
          {item.action.label}
        </ExplainedButton>
      ))}
      {open && (
        <ActionDialog
          action={open.action}
          selectedRows={[record]}
          noun={noun}
          effects={open.effects}
          onClose={() => setOpen(undefined)}
          onDone={onDone}
        />
      )}
    </>
  );
}
