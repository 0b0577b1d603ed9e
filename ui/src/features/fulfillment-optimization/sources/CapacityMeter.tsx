import { formatNumber } from '@kit/format';

/** So much of so much, as a bar and in words. */
export function Meter({ used, of, unit }: { used: number; of: number; unit: string }) {
  const part = of === 0 ? 1 : Math.min(1, used / of);
  return (
    <span className="meter" data-full={part >= 0.9}>
      <span className="small figure">
        {formatNumber(used)}{' '}
        <span className="unit">
          of {formatNumber(of)} {unit}
        </span>
        {part >= 1 && <span className="unit"> — full</span>}
      </span>
      <i aria-hidden="true">
        <b style={{ width: `${part * 100}%` }} />
      </i>
    </span>
  );
}
