import { useId } from 'react';

export interface Bands {
  mean: readonly number[];
  lower: readonly number[];
  upper: readonly number[];
}

const WIDTH = 420;
const HEIGHT = 190;
const LEFT = 46;
const BOTTOM = 22;
const TOP = 8;

/** About four round axis steps that cover the range; from zero when both bounds are equal. */
export function ticksOf(minimum: number, maximum: number): number[] {
  if (minimum === maximum && minimum !== 0) return ticksOf(Math.min(0, minimum), Math.max(0, maximum));
  const span = maximum - minimum || Math.abs(maximum) || 1;
  const roughStep = span / 4;
  const power = 10 ** Math.floor(Math.log10(roughStep));
  const step = power * ([1, 2, 5, 10].find((item) => item * power >= roughStep) ?? 10);
  const first = Math.floor(minimum / step);
  const last = Math.max(first + 1, Math.ceil(maximum / step));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 2 });

/** Daily means with bounds, and a dashed baseline. A hidden table repeats the values for screen readers. */
export function BandChart({
  title,
  labels,
  bands,
  base,
  formatAxis: formatAxis = (value) => short.format(value),
  format = formatAxis,
}: {
  title: string;
  /** One label per value. */
  labels: readonly string[];
  bands: Bands;
  base?: Bands;
  /** Short format for the axis. */
  formatAxis?: (value: number) => string;
  /** Full format for the table. */
  format?: (value: number) => string;
}) {
  const id = useId();
  const bounds = [bands, ...(base ? [base] : [])].flatMap((item) => [...item.lower, ...item.upper]);
  const ticks = ticksOf(Math.min(...bounds), Math.max(...bounds));
  const minimum = ticks[0] ?? 0;
  const maximum = ticks.at(-1) ?? 1;
  const count = labels.length;
  const x = (index: number): number => LEFT + (count > 1 ? (index * (WIDTH - LEFT - 10)) / (count - 1) : (WIDTH - LEFT) / 2);
  const y = (value: number): number => TOP + (1 - (value - minimum) / (maximum - minimum || 1)) * (HEIGHT - TOP - BOTTOM);
  const line = (values: readonly number[]): string => values.map((value, index) => `${index ? 'L' : 'M'}${x(index)} ${y(value)}`).join('');
  const area = (entry: Bands): string =>
    `${line(entry.upper)}${entry.lower.map((_, index) => `L${x(count - 1 - index)} ${y(entry.lower[count - 1 - index] ?? 0)}`).join('')}Z`;
  const labelSpacing = Math.max(1, Math.ceil(count / 6));
  return (
    <figure className="band-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id}>
        <title id={id}>{title}</title>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className="grid" x1={LEFT} x2={WIDTH} y1={y(tick)} y2={y(tick)} />
            <text className="axis" x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
              {formatAxis(tick)}
            </text>
          </g>
        ))}
        {labels.map(
          (label, index) =>
            index % labelSpacing === 0 && (
              <text key={label} className="axis" x={x(index)} y={HEIGHT - 5} textAnchor={index === 0 ? 'start' : 'middle'}>
                {label}
              </text>
            ),
        )}
        {base && <path className="base-area" d={area(base)} />}
        <path className="area" d={area(bands)} />
        {base && <path className="base" d={line(base.mean)} />}
        <path className="lead" d={line(bands.mean)} />
        {count <= 31 && bands.mean.map((value, index) => <circle key={index} className="dot" cx={x(index)} cy={y(value)} r={3} />)}
      </svg>
      <div className="visually-hidden">
        <table>
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Mean</th>
              <th scope="col">Lower</th>
              <th scope="col">Upper</th>
              {base && <th scope="col">Today’s configuration</th>}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, index) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{format(bands.mean[index] ?? 0)}</td>
                <td>{format(bands.lower[index] ?? 0)}</td>
                <td>{format(bands.upper[index] ?? 0)}</td>
                {base && <td>{format(base.mean[index] ?? 0)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
