import type { ReactNode } from 'react';

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isPlain = (value: unknown): boolean => !isRecord(value) && !Array.isArray(value);

const labelOf = (key: string): string => {
  const text = key.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

function formatPlain(value: unknown): string {
  if (value === null || value === undefined) return '—';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Any JSON as something a person reads: names and values, lists, tables of alike rows. */
export function DetailsView({ value }: { value: unknown }): ReactNode {
  if (isPlain(value)) return <span>{formatPlain(value)}</span>;
  if (Array.isArray(value)) {
    if (value.length === 0) return <span className="muted">none</span>;
    if (value.every(isPlain)) return <span>{value.map(formatPlain).join(', ')}</span>;
    return (
      <ul className="details-list">
        {value.map((item: unknown, index) => (
          <li key={index}>
            <DetailsView value={item} />
          </li>
        ))}
      </ul>
    );
  }
  return (
    <dl className="details">
      {Object.entries(value as Record<string, unknown>).map(([key, inner]) => (
        <div key={key}>
          <dt>{labelOf(key)}</dt>
          <dd>
            <DetailsView value={inner} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
