import { CheckCircleFilled, CloseCircleFilled } from '../icons';
import { useMutation } from '@tanstack/react-query';
import { Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { ProblemNotice } from '../feedback';

export interface Verb {
  name: string;
  label: string;
  danger?: boolean;
  /** Ask for a reason, with this placeholder. */
  reason?: string;
  /** Not done without a reason. */
  reasoned?: boolean;
  /** How those it worked for, and the others, are spoken of in the report; "done" and "refused; nothing changed on those". */
  outcome?: readonly [string, string];
  /** What will happen, said before it does. */
  says: string;
  run: (ids: string[], reason: string) => Promise<{ id: string; ok: boolean; reason: string }[]>;
}

interface Picked {
  id: string;
  label: string;
}

/** What can be done to the selected rows. */
export function BulkBar({
  picked,
  verbs,
  noun,
  onClear,
  onDone,
}: {
  picked: Picked[];
  verbs: readonly Verb[];
  noun: readonly [string, string];
  onClear: () => void;
  onDone: () => void;
}) {
  const [verb, setVerb] = useState<Verb>();
  return (
    <div className="toolbar bulk" role="toolbar" aria-label="Selected rows">
      <strong>
        {picked.length} {noun[picked.length === 1 ? 0 : 1]} selected
      </strong>
      {verbs.map((one) => (
        <Button key={one.name} danger={one.danger} onClick={() => setVerb(one)}>
          {one.label}
        </Button>
      ))}
      <Button type="link" onClick={onClear}>
        Clear selection
      </Button>
      {verb && <VerbDialog verb={verb} picked={picked} noun={noun} onClose={() => setVerb(undefined)} onDone={onDone} />}
    </div>
  );
}

/** Says what will happen, asks for the reason, does it, and reports row by row. What was typed survives a refusal. */
export function VerbDialog({
  verb,
  picked,
  noun,
  onClose,
  onDone,
}: {
  verb: Verb;
  picked: Picked[];
  noun: readonly [string, string];
  onClose: () => void;
  onDone: () => void;
}) {
  const [reason, setReason] = useState('');
  const work = useMutation({
    mutationFn: () =>
      verb.run(
        picked.map((one) => one.id),
        reason.trim(),
      ),
    onSuccess: onDone,
  });
  const count = `${picked.length} ${noun[picked.length === 1 ? 0 : 1]}`;
  const results = work.data;
  const [done, not] = verb.outcome ?? ['done', 'refused; nothing changed on those'];
  const refused = results?.filter((one) => !one.ok) ?? [];
  const labels = new Map(picked.map((one) => [one.id, one.label]));
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
              disabled={verb.reasoned === true && reason.trim() === ''}
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
            {[...refused, ...results.filter((one) => one.ok)].map((one) => (
              <li key={one.id} data-ok={one.ok}>
                {one.ok ? <CheckCircleFilled aria-label="Done" /> : <CloseCircleFilled aria-label="Refused" />}
                <span>{labels.get(one.id) ?? one.id}</span>
                <span className="muted">{one.reason}</span>
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <>
          <p>{verb.says}</p>
          {verb.reason !== undefined && (
            <label className="field">
              Reason
              <Input.TextArea
                autoFocus
                rows={2}
                placeholder={verb.reason}
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
