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

  const { action, noun } = job;
  const total = `${countLabel(job.count, formatNumber)} ${noun[1]}`;
  const confirmation = (
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
  );
  return (
    <Modal
      open
      title={`${action.label} all matching ${noun[1]}`}
      onCancel={onClose}
      footer={run ? <RunButtons run={run} onClose={onClose} /> : confirmation}
    >
      {run ? (
        <RunReport run={run} />
      ) : (
        <>
          <p>
            {action.description} This applies to all <strong>{total}</strong> that match the filters, also to those on other pages.
          </p>
          {action.reasonPlaceholder !== undefined && (
            <ReasonField placeholder={action.reasonPlaceholder} value={reason} onChange={setReason} />
          )}
        </>
      )}
    </Modal>
  );
}

/** The progress of a run that went on in the background, and its report; closing it stops nothing. */
export function BulkRunDialog({ run, onClose }: { run: BulkRun; onClose: () => void }) {
  return (
    <Modal
      open
      title={`${run.action.label} all matching ${run.noun[1]}`}
      onCancel={onClose}
      footer={<RunButtons run={run} onClose={onClose} />}
    >
      <RunReport run={run} />
    </Modal>
  );
}

const isActive = ({ state }: BulkRun): boolean => state === 'running' || state === 'stopping';

function RunButtons({ run, onClose }: { run: BulkRun; onClose: () => void }) {
  return (
    <>
      {isActive(run) && (
        <Button loading={run.state === 'stopping'} onClick={() => stopRun(run.id)}>
          Stop
        </Button>
      )}
      <Button type={run.state === 'finished' ? 'primary' : 'default'} onClick={onClose}>
        {isActive(run) ? 'Continue in background' : 'Close'}
      </Button>
      {run.state === 'stopped' && (
        <Button type="primary" danger={run.action.danger} onClick={() => void continueRun(run.id)}>
          Continue
        </Button>
      )}
    </>
  );
}

/** The share of a run that is done; undefined when it is not known how many match. */
const percentOf = ({ count, matched }: BulkRun): number | undefined =>
  count.count === null || count.count >= count.limit ? undefined : Math.min(99, Math.round((100 * matched) / Math.max(1, count.count)));

function RunReport({ run }: { run: BulkRun }) {
  const { action, noun, state, error } = run;
  const percent = percentOf(run);
  return (
    <>
      {isActive(run) && (
        <div role="status">
          {formatNumber(run.matched)} of {countLabel(run.count, formatNumber)} {noun[1]}
          {percent !== undefined && <Progress percent={percent} showInfo={false} aria-label="Progress" />}
        </div>
      )}
      <BulkReport changed={run.changed} refused={[...run.refused]} labels={action.outcomeLabels ?? ['done', 'not changed']} />
      {state === 'stopped' && error === undefined && <p>Stopped. The remaining {noun[1]} were not changed; you can continue with them.</p>}
      {error !== undefined && <ProblemNotice compact error={error} />}
    </>
  );
}
