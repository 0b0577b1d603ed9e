import { useMutation } from '@tanstack/react-query';
import { Button, Modal } from 'antd';
import { type ReactNode, Suspense, useState } from 'react';
import { ExplainedButton } from '../ExplainedButton';
import { ProblemNotice } from '../feedback';
import { formatNumber } from '../format';
import { BulkReport } from './BulkReport';
import { countLabel, groupResults, type MatchingCount, type MatchingRows } from './matching';
import { MatchingDialog } from './MatchingDialog';
import { ReasonField } from './ReasonField';

export interface BulkAction {
  name: string;
  label: string;
  danger?: boolean;
  /** Placeholder of the reason; absent when no reason is needed. */
  reasonPlaceholder?: string;
  /** What is entered when it is not a reason. */
  reasonLabel?: string;
  /** The action is for selected rows only, not for everything that matches. */
  selectedOnly?: boolean;
  /** Whether a reason is required. */
  reasonRequired?: boolean;
  /** Labels of successful and unsuccessful rows in the report. */
  outcomeLabels?: readonly [string, string];
  /** Explains the effect before the action is confirmed. */
  description: string;
  run: (ids: string[], reason: string) => Promise<{ id: string; ok: boolean; reason: string }[]>;
}

interface SelectedRow {
  id: string;
  label: string;
}

/** What a dialog about the selected rows receives. */
export interface RowsDialogProps {
  selectedRows: SelectedRow[];
  noun: readonly [string, string];
  onClose: () => void;
  onDone: () => void;
}

/** An action that needs more than a reason: a dialog of its own, for the selected rows. */
export interface RowsDialog {
  label: string;
  render: (props: RowsDialogProps) => ReactNode;
}

/**
 * Toolbar with actions for the selected rows, in place of the filters in `children`. The dialog of an action
 * stays open with its report when the rows leave the list.
 */
export function BulkActionBar({
  selectedRows,
  actions,
  noun,
  onClear,
  onDone,
  matching,
  dialogs = [],
  children,
}: {
  selectedRows: SelectedRow[];
  actions: readonly BulkAction[];
  noun: readonly [string, string];
  onClear: () => void;
  onDone: () => void;
  /** Everything that matches the filters; absent when the page shows all of it. */
  matching?: MatchingRows;
  dialogs?: readonly RowsDialog[];
  children?: ReactNode;
}) {
  const [all, setAll] = useState<MatchingCount>();
  const [matchingDialog, setMatchingDialog] = useState<{ action: BulkAction; matching: MatchingRows; count: MatchingCount }>();
  const [own, setOwn] = useState<{ dialog: RowsDialog; rows: SelectedRow[] }>();
  const [dialog, setDialog] = useState<{ action: BulkAction; rows: SelectedRow[] }>();
  return (
    <>
      {/* What is below keeps its place: the bar covers the filters, and the saved views stay. */}
      <div className="bulk-place" data-covered={selectedRows.length > 0}>
        {children}
      </div>
      {selectedRows.length > 0 && (
        <div className="toolbar bulk" role="toolbar" aria-label="Selected rows">
          <strong>
            {all && matching
              ? `All ${countLabel(all, formatNumber)} matching ${noun[1]} selected`
              : `${selectedRows.length} ${noun[selectedRows.length === 1 ? 0 : 1]} selected`}
          </strong>
          {matching && !all && <SelectAll matching={matching} noun={noun[1]} onSelect={setAll} />}
          {actions
            .filter((item) => !(all && item.selectedOnly))
            .map((item) => (
              <Button
                key={item.name}
                danger={item.danger}
                onClick={() => {
                  if (all && matching) setMatchingDialog({ action: item, matching, count: all });
                  else setDialog({ action: item, rows: selectedRows });
                }}
              >
                {item.label}
              </Button>
            ))}
          {!all &&
            dialogs.map((item) => (
              <Button key={item.label} onClick={() => setOwn({ dialog: item, rows: selectedRows })}>
                {item.label}
              </Button>
            ))}
          <Button
            type="link"
            onClick={() => {
              setAll(undefined);
              onClear();
            }}
          >
            Clear selection
          </Button>
        </div>
      )}
      {dialog && (
        <ActionDialog action={dialog.action} selectedRows={dialog.rows} noun={noun} onClose={() => setDialog(undefined)} onDone={onDone} />
      )}
      {own && <Suspense>{own.dialog.render({ selectedRows: own.rows, noun, onClose: () => setOwn(undefined), onDone })}</Suspense>}
      {matchingDialog && (
        <MatchingDialog
          action={matchingDialog.action}
          matching={matchingDialog.matching}
          count={matchingDialog.count}
          noun={noun}
          onDone={onDone}
          onClose={() => {
            setMatchingDialog(undefined);
            setAll(undefined);
            onClear();
          }}
        />
      )}
    </>
  );
}

function SelectAll({ matching, noun, onSelect }: { matching: MatchingRows; noun: string; onSelect: (count: MatchingCount) => void }) {
  const count = useMutation({ mutationFn: () => matching.count(), onSuccess: onSelect });
  return (
    <>
      <Button type="link" loading={count.isPending} onClick={() => count.mutate()}>
        Select all matching {noun}
      </Button>
      {count.error && <ProblemNotice compact error={count.error} />}
    </>
  );
}

/** Dialog that explains an action, requests a reason and reports results by row. Input is kept on failure. */
export function ActionDialog({
  action,
  selectedRows,
  noun,
  effects,
  disabledReason = '',
  onClose,
  onDone,
}: RowsDialogProps & {
  action: BulkAction;
  /** What the action changes elsewhere, shown before it is confirmed. */
  effects?: ReactNode;
  /** Why the action cannot be confirmed yet. */
  disabledReason?: string;
}) {
  const [reason, setReason] = useState('');
  const mutation = useMutation({
    mutationFn: () =>
      action.run(
        selectedRows.map((item) => item.id),
        reason.trim(),
      ),
    onSuccess: onDone,
  });
  const count = `${selectedRows.length} ${noun[selectedRows.length === 1 ? 0 : 1]}`;
  const results = mutation.data;
  const labels = new Map(selectedRows.map((entry) => [entry.id, entry.label]));
  return (
    <Modal
      open
      title={`${action.label} ${selectedRows.length === 1 ? `${noun[0]} ${selectedRows[0]?.label ?? ''}` : count}`}
      onCancel={onClose}
      footer={
        results ? (
          <Button type="primary" onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <ExplainedButton
              type="primary"
              danger={action.danger}
              loading={mutation.isPending}
              allowed={disabledReason === '' && (action.reasonRequired !== true || reason.trim() !== '')}
              disabledReason={
                disabledReason || (action.reasonLabel === undefined ? 'Enter a reason' : `Enter: ${action.reasonLabel.toLowerCase()}`)
              }
              onClick={() => mutation.mutate()}
            >
              {action.label} {count}
            </ExplainedButton>
          </>
        )
      }
    >
      {results ? (
        <BulkReport
          changed={results.filter((result) => result.ok).length}
          done={groupResults(results, true, (id) => labels.get(id) ?? id)}
          refused={groupResults(results, false, (id) => labels.get(id) ?? id)}
          labels={action.outcomeLabels ?? ['done', 'not changed']}
        />
      ) : (
        <>
          <p>{action.description}</p>
          {effects}
          {action.reasonPlaceholder !== undefined && (
            <ReasonField label={action.reasonLabel} placeholder={action.reasonPlaceholder} value={reason} onChange={setReason} />
          )}
          {mutation.error && <ProblemNotice compact error={mutation.error} />}
        </>
      )}
    </Modal>
  );
}
