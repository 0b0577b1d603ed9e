import { Button, Modal, Progress } from 'antd';
import { useEffect, useState } from 'react';
import { ExplainedButton } from '../ExplainedButton';
import { ProblemNotice } from '../feedback';
import { formatNumber } from '../format';
import { BulkReport } from './BulkReport';
import { type BulkJob, type BulkRun, continueRun, leaveRun, startRun, stopRun, useBulkRuns } from './bulkRuns';
import { ReasonField } from './ReasonField';
import { countLabel } from './matching';

type Props = Omit<BulkJob, 'reason'> & { onClose: () => void };

/** Confirms an action on everything that matches, and shows its progress and its report. */
export function MatchingDialog({ onClose, ...job }: Props) {
  const [reason, setReason] = useState('');
  const [id, setId] = useState<number>();
  const run = useBulkRuns().find((one) => one.id === id);
  useEffect(() => {
    // The page can be left while the action runs.
    if (id !== undefined) return () => leaveRun(id);
    return undefined;
  }, [id]);
  if (run) return <BulkRunDialog run={run} onClose={onClose} />;

  const { action, noun } = job;
  const total = `${countLabel(job.count, formatNumber)} ${noun[1]}`;
  return (
    <Modal
      open
      title={`${action.label} all matching ${noun[1]}`}
      onCancel={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <ExplainedButton
            type="primary"
            danger={action.danger}
            allowed={action.reasonRequired !== true || reason.trim() !== ''}
            disabledReason="Enter a reason"
            onClick={() => setId(startRun({ ...job, reason: reason.trim() }))}
          >
            {action.label} {total}
          </ExplainedButton>
        </>
      }
    >
      <p>
        {action.description} This applies to all <strong>{total}</strong> that match the filters, also to those on other pages.
      </p>
      {action.reasonPlaceholder !== undefined && <ReasonField placeholder={action.reasonPlaceholder} value={reason} onChange={setReason} />}
    </Modal>
  );
}

/** The share of a run that is done; undefined when it is not known how many match. */
export const percentOf = ({ count, matched }: BulkRun): number | undefined =>
  count.count === null || count.count >= count.limit ? undefined : Math.min(99, Math.round((100 * matched) / Math.max(1, count.count)));

/** The progress of a run, and its report; closing it stops nothing. */
export function BulkRunDialog({ run, onClose }: { run: BulkRun; onClose: () => void }) {
  const { action, noun, state, error } = run;
  const isActive = state === 'running' || state === 'stopping';
  const percent = percentOf(run);
  return (
    <Modal
      open
      title={`${action.label} all matching ${noun[1]}`}
      onCancel={onClose}
      footer={
        <>
          {isActive && (
            <Button loading={state === 'stopping'} onClick={() => stopRun(run.id)}>
              Stop
            </Button>
          )}
          <Button type={state === 'finished' ? 'primary' : 'default'} onClick={onClose}>
            {isActive ? 'Continue in background' : 'Close'}
          </Button>
          {state === 'stopped' && (
            <Button type="primary" danger={action.danger} onClick={() => void continueRun(run.id)}>
              Continue
            </Button>
          )}
        </>
      }
    >
      {isActive && (
        <div role="status">
          {formatNumber(run.matched)} of {countLabel(run.count, formatNumber)} {noun[1]}
          {percent !== undefined && <Progress percent={percent} showInfo={false} aria-label="Progress" />}
        </div>
      )}
      <BulkReport changed={run.changed} refused={run.refused} labels={action.outcomeLabels ?? ['done', 'not changed']} />
      {state === 'stopped' && error === undefined && <p>Stopped. The remaining {noun[1]} were not changed; you can continue with them.</p>}
      {error !== undefined && <ProblemNotice compact error={error} />}
    </Modal>
  );
}
