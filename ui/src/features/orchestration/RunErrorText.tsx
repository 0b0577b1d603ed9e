import type { RunError } from '@client/orchestration';

/** The error of a run with its remedy. */
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
