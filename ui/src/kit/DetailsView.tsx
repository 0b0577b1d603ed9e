import type { ReactNode } from 'react';
import { actionLabel, eventTitle, humanize, isEventName, reasonLabel, stateLabel, stepKindLabel } from '../vocabulary';
import { describeDuration, isIsoDuration } from './duration';
import { Expression } from './Expression';
import { Timestamp } from './format';

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => !isRecord(value) && !Array.isArray(value);

/** Keys whose text is a condition or formula. */
const expressionKeys = new Set(['when', 'condition', 'expression', 'formula']);
const durationKeys = new Set(['timeout', 'after', 'first_after', 'delay', 'duration', 'every', 'max_wait']);
const stateKeys = new Set(['state', 'old_state', 'new_state', 'from_state', 'to_state']);
const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

function textOf(key: string, value: string): ReactNode {
  if (expressionKeys.has(key)) return <Expression source={value} />;
  if (isIsoDuration(value) || durationKeys.has(key)) return describeDuration(value);
  if (key === 'action') return actionLabel(value);
  if (stateKeys.has(key)) return stateLabel(value);
  if (key === 'state_reason') return reasonLabel(value);
  if (key === 'kind') return stepKindLabel(value);
  if (key === 'event' || key === 'events' || isEventName(value)) return eventTitle(value);
  if (instantPattern.test(value)) return <Timestamp at={value} format="date" />;
  return value;
}

function scalarOf(key: string, value: unknown): ReactNode {
  if (value === null || value === undefined || value === '') return '—';
  if (value === true) return 'Yes';
  if (value === false) return 'No';
  return typeof value === 'string' ? textOf(key, value) : JSON.stringify(value);
}

function ListOf({ name, values }: { name: string; values: readonly unknown[] }) {
  if (values.length === 0) return <span className="muted">None</span>;
  if (values.every(isScalar)) {
    return (
      <span>
        {values.map((value, index) => (
          <span key={index}>
            {index > 0 && ', '}
            {scalarOf(name, value)}
          </span>
        ))}
      </span>
    );
  }
  return (
    <ul className="details-list">
      {values.map((value, index) => (
        <li key={index}>
          <DetailsView name={name} value={value} />
        </li>
      ))}
    </ul>
  );
}

/**
 * Any JSON as names and values. Durations, instants, event names, actions and conditions are shown in words;
 * `name` is the key under which the value was found.
 */
export function DetailsView({ value, name = '' }: { value: unknown; name?: string }): ReactNode {
  if (Array.isArray(value)) return <ListOf name={name} values={value} />;
  if (!isRecord(value)) return <span>{scalarOf(name, value)}</span>;
  return (
    <dl className="details">
      {Object.entries(value).map(([key, inner]) => (
        <div key={key}>
          <dt>{humanize(key)}</dt>
          <dd>
            <DetailsView name={key} value={inner} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
