import { costPartLabel } from '@vocabulary';
import { formatCost } from '@kit/costs';

const colours = [
  'var(--tone-progress-mark)',
  'var(--tone-moving-mark)',
  'var(--tone-done-mark)',
  'var(--tone-attention-mark)',
  'var(--tone-failed-mark)',
  'var(--tone-neutral-mark)',
];

/** Cost parts that are not zero, highest first. */
export const significantParts = (parts: Record<string, number>): (readonly [string, number])[] =>
  Object.entries(parts)
    .filter(([, value]) => Math.abs(value) >= 0.005)
    .toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a));

/** A cost with its unit. */
export function Cost({ value, unit, strong }: { value: number | null; unit: string; strong?: boolean }) {
  return (
    <span className={strong ? 'figure strong nowrap' : 'figure nowrap'}>
      {formatCost(value)}
      {value !== null && unit !== '' && <span className="unit"> {unit}</span>}
    </span>
  );
}

/** The parts of a cost as a bar and as a list. */
export function CostBreakdown({ parts, unit = '', bar = true }: { parts: Record<string, number>; unit?: string; bar?: boolean }) {
  const visibleParts = significantParts(parts);
  const total = visibleParts.reduce((sum, [, value]) => sum + Math.max(0, value), 0);
  if (visibleParts.length === 0) return <span className="muted">Nothing</span>;
  return (
    <div className="stack" style={{ gap: 8 }}>
      {bar && (
        <div className="bar-row" aria-hidden="true">
          {visibleParts.map(([name, value], index) => (
            <i key={name} style={{ width: `${(100 * Math.max(0, value)) / total}%`, background: colours[index % colours.length] }} />
          ))}
        </div>
      )}
      <dl className="facts cost-parts">
        {visibleParts.map(([name, value], index) => (
          <div key={name}>
            <dt>
              {bar && (
                <i
                  aria-hidden="true"
                  style={{
                    display: 'inline-block',
                    width: 9,
                    height: 9,
                    borderRadius: 3,
                    marginRight: 6,
                    background: colours[index % colours.length],
                  }}
                />
              )}
              {costPartLabel(name)}
            </dt>
            <dd>
              <Cost value={value} unit={unit} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
