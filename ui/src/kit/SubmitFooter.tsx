import { Button } from 'antd';
import { useId } from 'react';
import { ExplainedButton } from './ExplainedButton';

interface Props {
  /** The label of the button that submits. */
  label: string;
  onCancel: () => void;
  onSubmit: () => void;
  /** What is missing before the dialog can be submitted; shown beside the buttons. Empty when nothing is. */
  disabledReason?: string;
  danger?: boolean;
  loading?: boolean;
}

/** The buttons of a dialog, with the reason when it cannot be submitted yet. */
export function SubmitFooter({ label, onCancel, onSubmit, disabledReason = '', danger = false, loading = false }: Props) {
  const id = useId();
  return (
    <>
      <span className="muted footer-reason" id={id}>
        {disabledReason}
      </span>
      <Button onClick={onCancel}>Cancel</Button>
      <ExplainedButton
        type="primary"
        danger={danger}
        loading={loading}
        aria-describedby={disabledReason === '' ? undefined : id}
        allowed={disabledReason === ''}
        disabledReason={disabledReason}
        onClick={onSubmit}
      >
        {label}
      </ExplainedButton>
    </>
  );
}
