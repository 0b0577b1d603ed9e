import { CheckCircleFilled, CloseCircleFilled } from '../icons';
import { formatNumber } from '../format';
import type { RefusedGroup } from './matching';

interface Props {
  changed: number;
  /** The rows that were changed by what happened to them; absent when there are too many to list. */
  done?: readonly RefusedGroup[];
  refused: readonly RefusedGroup[];
  labels: readonly [string, string];
}

/** What an action did: rows that were not changed by reason, then those that were. */
export function BulkReport({ changed, done = [], refused, labels: [doneLabel, refusedLabel] }: Props) {
  const refusedCount = refused.reduce((total, group) => total + group.count, 0);
  return (
    <div className="bulk-report" aria-live="polite">
      <p>
        <strong>{formatNumber(changed)}</strong> {doneLabel}
        {refusedCount > 0 && (
          <>
            , <strong>{formatNumber(refusedCount)}</strong> {refusedLabel}
          </>
        )}
        .
      </p>
      <ul>
        {refused.map((group) => (
          <li key={group.reason} data-ok="false">
            <CloseCircleFilled aria-label="Not changed" />
            <span className="two-line">
              <span>
                {group.reason || 'No reason was given'} {group.count > 1 && <strong>· {formatNumber(group.count)}</strong>}
              </span>
              <span className="muted">{rowList(group)}</span>
            </span>
          </li>
        ))}
        {done.map((group) => (
          <li key={`done ${group.reason}`} data-ok="true">
            <CheckCircleFilled aria-label="Done" />
            <span className="two-line">
              {group.reason && <span>{group.reason}</span>}
              <span className="muted">{rowList(group)}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function rowList({ rows, count }: RefusedGroup): string {
  const names = rows.map((row) => row.label).join(', ');
  return count > rows.length ? `${names} and ${formatNumber(count - rows.length)} more` : names;
}
