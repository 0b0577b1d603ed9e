import type { PromiseDay } from '@client/inventory';
import { formatNumber } from '@kit/format';
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from 'react';

const height = 210;
const margin = { top: 12, right: 12, bottom: 24, left: 46 };
const dayFormat = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
export const dayOf = (day: string): string => dayFormat.format(new Date(`${day}T12:00:00`));

function useWidth() {
  const container = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = container.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(element.clientWidth, 240)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { box: container, width };
}

/** About four round axis steps: 1, 2 or 5 times a power of ten. */
export function ticksOf(minimum: number, maximum: number): number[] {
  const span = Math.max(maximum - minimum, 1);
  const rawStep = span / 4;
  const power = 10 ** Math.floor(Math.log10(rawStep));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((item) => item * power >= rawStep) ?? 10));
  const ticks: number[] = [];
  const last = Math.ceil(Math.max(maximum, minimum + 1) / step);
  for (let n = Math.floor(minimum / step); n <= last; n += 1) ticks.push(n === 0 ? 0 : n * step);
  return ticks;
}

/** An SVG step path: each value applies for its whole day. */
function stepPath(values: number[], x: (index: number) => number, y: (value: number) => number): string {
  return values.map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index)},${y(value)}L${x(index + 1)},${y(value)}`).join('');
}

export const describeDay = (day: PromiseDay): string =>
  `${dayOf(day.day)}: ${formatNumber(day.atp)} available to promise, ${formatNumber(day.projected)} projected, ${formatNumber(day.supply)} in, ${formatNumber(day.demand)} out`;

/** Availability by day with supply and demand. Arrow keys and the pointer select a day. */
export function AvailableToPromiseChart({
  label,
  days,
  selectedIndex,
  onSelect,
}: {
  label: string;
  days: PromiseDay[];
  selectedIndex: number;
  onSelect: (index: number) => void;
}) {
  const { box, width } = useWidth();
  const clip = useId();
  const values = days.flatMap((day) => [day.atp, day.projected, day.supply, -day.demand]);
  const ticks = ticksOf(Math.min(0, ...values), Math.max(0, ...values));
  const minimum = ticks[0] ?? 0;
  const maximum = ticks.at(-1) ?? 1;
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const x = (index: number): number => margin.left + (index * inner.width) / Math.max(days.length, 1);
  const y = (value: number): number => margin.top + inner.height - ((value - minimum) * inner.height) / (maximum - minimum);
  const slotWidth = inner.width / Math.max(days.length, 1);
  const barWidth = Math.max(2, Math.min(14, slotWidth * 0.55));
  const labelSpacing = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor(inner.width / 70))));
  const atp = days.map((day) => day.atp);
  const promisedPath = stepPath(atp, x, y);

  const handlePointer = (event: PointerEvent<HTMLDivElement>): void => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left - margin.left;
    const index = Math.floor(left / slotWidth);
    if (index >= 0 && index < days.length) onSelect(index);
  };
  const handleKey = (event: KeyboardEvent): void => {
    const targets: Record<string, number> = {
      ArrowLeft: selectedIndex - 1,
      ArrowRight: selectedIndex + 1,
      Home: 0,
      End: days.length - 1,
      PageDown: selectedIndex + 7,
      PageUp: selectedIndex - 7,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    onSelect(Math.max(0, Math.min(days.length - 1, target)));
  };
  const selectedDay = days[selectedIndex];
  return (
    <div
      ref={box}
      className="promise-chart"
      role="slider"
      tabIndex={0}
      aria-label={`${label} by day`}
      aria-valuemin={0}
      aria-valuemax={days.length - 1}
      aria-valuenow={selectedIndex}
      aria-valuetext={selectedDay ? describeDay(selectedDay) : ''}
      onKeyDown={handleKey}
      onPointerMove={handlePointer}
      onPointerDown={handlePointer}
    >
      <svg width={width} height={height} aria-hidden="true">
        <clipPath id={clip}>
          <rect x={margin.left} y={margin.top} width={inner.width} height={inner.height} />
        </clipPath>
        {ticks.map((value) => (
          <g key={value}>
            <line className={value === 0 ? 'axis zero' : 'axis'} x1={margin.left} x2={width - margin.right} y1={y(value)} y2={y(value)} />
            <text x={margin.left - 8} y={y(value) + 4} textAnchor="end">
              {formatNumber(value)}
            </text>
          </g>
        ))}
        {days.map((day, index) =>
          index % labelSpacing === 0 ? (
            <text key={day.day} x={x(index) + slotWidth / 2} y={height - 6} textAnchor="middle">
              {dayOf(day.day)}
            </text>
          ) : null,
        )}
        <g clipPath={`url(#${clip})`}>
          <rect className="here" x={x(selectedIndex)} y={margin.top} width={slotWidth} height={inner.height} />
          <path className="atp-area" d={`${promisedPath}L${x(days.length)},${y(0)}L${x(0)},${y(0)}Z`} />
          {days.map((day, index) => (
            <g key={day.day}>
              {day.supply > 0 && (
                <rect
                  className="in"
                  x={x(index) + (slotWidth - barWidth) / 2}
                  y={y(day.supply)}
                  width={barWidth}
                  height={y(0) - y(day.supply)}
                  rx={1.5}
                />
              )}
              {day.demand > 0 && (
                <rect
                  className="out"
                  x={x(index) + (slotWidth - barWidth) / 2}
                  y={y(0)}
                  width={barWidth}
                  height={y(-day.demand) - y(0)}
                  rx={1.5}
                />
              )}
            </g>
          ))}
          <path
            className="projected"
            d={stepPath(
              days.map((day) => day.projected),
              x,
              y,
            )}
          />
          <path className="atp" d={promisedPath} />
        </g>
      </svg>
    </div>
  );
}

export function ChartLegend() {
  return (
    <ul className="chart-legend">
      {[
        ['atp', 'Available to promise'],
        ['projected', 'Projected on hand'],
        ['in', 'Incoming'],
        ['out', 'Outgoing'],
      ].map(([kind, label]) => (
        <li key={kind}>
          <i className={kind} aria-hidden="true" />
          {label}
        </li>
      ))}
    </ul>
  );
}
