import { CheckCircleFilled, CloseCircleFilled } from '../icons';
import { useMutation } from '@tanstack/react-query';
import { Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { ProblemNotice } from '../feedback';

export interface BulkAction {
  name: string;
  label: string;
  danger?: boolean;
  /** Ask for a reason, with this placeholder. */
  reasonPlaceholder?: string;
  /** Not done without a reason. */
  reasonRequired?: boolean;
  /** How those it worked for, and the others, are spoken of in the report; "done" and "refused; nothing changed on those". */
  outcomeLabels?: readonly [string, string];
  /** What will happen, said before it does. */
  description: string;
  run: (ids: string[], reason: string) => Promise<{ id: string; ok: boolean; reason: string }[]>;
}

interface SelectedRow {
  id: string;
  label: string;
}

/** What can be done to the selected rows. */
export function BulkActionBar({
  picked: picked,
  verbs: verbs,
  noun,
  onClear,
  onDone,
}: {
  picked: SelectedRow[];
  verbs: readonly BulkAction[];
  noun: readonly [string, string];
  onClear: () => void;
  onDone: () => void;
}) {
  const [verb, setVerb] = useState<BulkAction>();
  return (
    <div className="toolbar bulk" role="toolbar" aria-label="Selected rows">
      <strong>
        {picked.length} {noun[picked.length === 1 ? 0 : 1]} selected
      </strong>
      {verbs.map((item) => (
        <Button key={item.name} danger={item.danger} onClick={() => setVerb(item)}>
          {item.label}
        </Button>
      ))}
      <Button type="link" onClick={onClear}>
        Clear selection
      </Button>
      {verb && <ActionDialog verb={verb} picked={picked} noun={noun} onClose={() => setVerb(undefined)} onDone={onDone} />}
    </div>
  );
}

/** Says what will happen, asks for the reason, does it, and reports row by row. What was typed survives a refusal. */
export function ActionDialog({
  verb,
  picked,
  noun,
  onClose,
  onDone,
}: {
  verb: BulkAction;
  picked: SelectedRow[];
  noun: readonly [string, string];
  onClose: () => void;
  onDone: () => void;
}) {
  const [reason, setReason] = useState('');
  const work = useMutation({
    mutationFn: () =>
      verb.run(
        picked.map((item) => item.id),
        reason.trim(),
      ),
    onSuccess: onDone,
  });
  const count = `${picked.length} ${noun[picked.length === 1 ? 0 : 1]}`;
  const results = work.data;
  const [done, not] = verb.outcomeLabels ?? ['done', 'refused; nothing changed on those'];
  const refused = results?.filter((result) => !result.ok) ?? [];
  const labels = new Map(picked.map((entry) => [entry.id, entry.label]));
  return (
    <Modal
      open
      title={`${verb.label} ${picked.length === 1 ? `${noun[0]} ${picked[0]?.label ?? ''}` : count}`}
      onCancel={onClose}
      footer={
        results ? (
          <Button type="primary" onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Keep as is</Button>
            <Button
              type="primary"
              danger={verb.danger}
              loading={work.isPending}
              disabled={verb.reasonRequired === true && reason.trim() === ''}
              onClick={() => work.mutate()}
            >
              {verb.label} {count}
            </Button>
          </>
        )
      }
    >
      {results ? (
        <div className="bulk-report" aria-live="polite">
          <p>
            <strong>{results.length - refused.length}</strong> {done}
            {refused.length > 0 && (
              <>
                , <strong>{refused.length}</strong> {not}
              </>
            )}
            .
          </p>
          <ul>
            {[...refused, ...results.filter((candidate) => candidate.ok)].map((current) => (
              <li key={current.id} data-ok={current.ok}>
                {current.ok ? <CheckCircleFilled aria-label="Done" /> : <CloseCircleFilled aria-label="Refused" />}
                <span>{labels.get(current.id) ?? current.id}</span>
                <span className="muted">{current.reason}</span>
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <>
          <p>{verb.description}</p>
          {verb.reasonPlaceholder !== undefined && (
            <label className="field">
              Reason
              <Input.TextArea
                autoFocus
                rows={2}
                placeholder={verb.reasonPlaceholder}
                value={reason}
                maxLength={500}
                onChange={(event) => setReason(event.target.value)}
              />
            </label>
          )}
          {work.error && <ProblemNotice compact error={work.error} />}
        </>
      )}
    </Modal>
  );
}
