import { Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { stateLabel, stateTone } from '../vocabulary';
import { formatNumber } from './format';
import { toneIcon } from './states';

interface Props {
  label: string;
  states: readonly string[];
  /** The number of records by state; undefined while it is unknown. */
  counts: Record<string, number> | undefined;
  failed: boolean;
  state: string | undefined;
  onSelect: (state: string | undefined) => void;
  children?: ReactNode;
}

/** Counts of records by state; each filters the list. */
export function StateStrip({ label, states, counts, failed, state, onSelect, children }: Props) {
  return (
    <div className="strip" role="group" aria-label={label}>
      {states.map((name) => (
        <button
          key={name}
          type="button"
          className="strip-item"
          data-tone={stateTone(name)}
          aria-pressed={state === name}
          onClick={() => onSelect(state === name ? undefined : name)}
        >
          <span className="strip-word">
            <span aria-hidden="true" className="strip-icon">
              {toneIcon(stateTone(name))}
            </span>
            {stateLabel(name)}
          </span>
          <span className="strip-number">
            {counts ? formatNumber(counts[name] ?? 0) : failed ? '—' : <Skeleton.Button active size="small" />}
          </span>
        </button>
      ))}
      {children}
    </div>
  );
}
