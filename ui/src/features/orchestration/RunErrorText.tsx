import type { RunError } from '@client/orchestration';
import { humanize } from '@vocabulary';

/** The error of a run with its remedy. */
export function RunErrorText({ error }: { error: RunError }) {
  return (
    <span className="two-line">
      <span className="run-error">
        {humanize(error.what)}
        {error.why && <> ({error.why})</>}
      </span>
      {error.remedy && <span className="muted">{humanize(error.remedy)}</span>}
    </span>
  );
}
