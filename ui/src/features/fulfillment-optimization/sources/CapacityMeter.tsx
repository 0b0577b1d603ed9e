import { formatNumber } from '@kit/format';

/** Used and total capacity as a bar and as text. */
export function CapacityMeter({ used, capacity, unit }: { used: number; capacity: number; unit: string }) {
  const ratio = capacity === 0 ? 1 : Math.min(1, used / capacity);
  return (
    <span className="meter" data-full={ratio >= 0.9}>
      <span className="small figure">
        {formatNumber(used)}{' '}
        <span className="unit">
          of {formatNumber(capacity)} {unit}
        </span>
        {ratio >= 1 && <span className="unit"> — full</span>}
      </span>
      <i aria-hidden="true">
        <b style={{ width: `${ratio * 100}%` }} />
      </i>
    </span>
  );
}
