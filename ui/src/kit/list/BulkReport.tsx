import { CheckCircleFilled, CloseCircleFilled } from '../icons';
import { formatNumber } from '../format';
import type { RefusedGroup } from './matching';

interface Props {
  changed: number;
  /** The names of the rows that were changed; absent when there are too many to list. */
  changedLabels?: readonly string[];
  refused: readonly RefusedGroup[];
  labels: readonly [string, string];
}

/** What an action did: rows that were not changed by reason, then those that were. */
export function BulkReport({ changed, changedLabels = [], refused, labels: [doneLabel, refusedLabel] }: Props) {
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
        {changedLabels.length > 0 && (
          <li data-ok="true">
            <CheckCircleFilled aria-label="Done" />
            <span className="muted">{changedLabels.join(', ')}</span>
          </li>
        )}
      </ul>
    </div>
  );
}

function rowList({ rows, count }: RefusedGroup): string {
  const names = rows.map((row) => row.label).join(', ');
  return count > rows.length ? `${names} and ${formatNumber(count - rows.length)} more` : names;
}
