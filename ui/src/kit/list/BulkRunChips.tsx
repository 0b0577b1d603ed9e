import { Button } from 'antd';
import { useState } from 'react';
import { formatNumber } from '../format';
import { CheckCircleOutlined, SyncOutlined } from '../icons';
import { type BulkRun, leaveRun, useBulkRuns } from './bulkRuns';
import { countLabel } from './matching';
import { BulkRunDialog } from './MatchingDialog';

function chipText({ action, noun, state, matched, changed, count, error }: BulkRun): string {
  if (error !== undefined) return `${action.label} failed after ${formatNumber(matched)} ${noun[1]}`;
  if (state === 'running' || state === 'stopping')
    return `${action.label}: ${formatNumber(matched)} of ${countLabel(count, formatNumber)} ${noun[1]}`;
  return `${action.label}: ${formatNumber(changed)} ${action.outcomeLabels?.[0] ?? 'done'}`;
}

/** The actions that run in the background, on every page; each opens its progress or its report. */
export default function BulkRunChips() {
  const runs = useBulkRuns().filter((run) => run.inBackground);
  const [shown, setShown] = useState<number>();
  const open = runs.find((run) => run.id === shown);
  return (
    <>
      {runs.map((run) => (
        <Button
          key={run.id}
          shape="round"
          size="small"
          className="bulk-run"
          icon={run.state === 'finished' ? <CheckCircleOutlined /> : <SyncOutlined spin={run.state === 'running'} />}
          onClick={() => setShown(run.id)}
        >
          {chipText(run)}
        </Button>
      ))}
      {open && (
        <BulkRunDialog
          run={open}
          onClose={() => {
            leaveRun(open.id);
            setShown(undefined);
          }}
        />
      )}
    </>
  );
}
