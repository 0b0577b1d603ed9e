import type { RunError } from '@client/orchestration';

/** What stopped a run, where, and what to do about it. */
export function RunErrorText({ error }: { error: RunError }) {
  return (
    <span className="two-line">
      <span className="run-error">
        {error.what}
        {error.why && <> ({error.why})</>}
      </span>
      {error.remedy && <span className="muted">{error.remedy}</span>}
    </span>
  );
}
