import type { Difference, Figures, SimulationView, Summary } from '@client/sourcing';
import { BandChart } from '@kit/BandChart';
import { Card } from '@kit/layout';
import { Segmented } from 'antd';
import { useState } from 'react';
import { formatDecimal } from '../labels';
import { dailyTitles, dayLabel, differenceDirection, formatDifference, formatKpi, formatKpiAxis, kpiCurrency, kpis } from './kpis';
import { ResultsBySource } from './ResultsBySource';

/** The metrics of a finished simulation, in total and by source. */
export function SimulationResults({ view, summary }: { view: SimulationView; summary: Summary }) {
  const [part, setPart] = useState<'metrics' | 'map'>('metrics');
  return (
    <>
      <div className="row between">
        <Segmented
          value={part}
          onChange={setPart}
          options={[
            { value: 'metrics', label: 'Metrics' },
            { value: 'map', label: 'By source' },
          ]}
        />
        <span className="muted small">
          Mean of {view.runs} runs with 90% bounds. Differences are relative to the current configuration.
        </span>
      </div>
      {part === 'metrics' ? <Metrics view={view} summary={summary} /> : <ResultsBySource summary={summary} />}
    </>
  );
}

function Metrics({ view, summary }: { view: SimulationView; summary: Summary }) {
  const { scenario, baseline, difference } = summary;
  const names = Object.keys(kpis).filter((name) => name in scenario.kpis);
  const days = Object.keys(dailyTitles).filter((name) => name in scenario.daily);
  return (
    <>
      <dl className="figures-grid">
        {names.map((name) => {
          const band = scenario.kpis[name];
          const delta = difference[name];
          return (
            band && (
              <div key={name} className="kpi">
                <dt>{kpis[name]?.title}</dt>
                <dd>{formatKpi(name, band.mean, kpiCurrency(name, view))}</dd>
                <span className="fine">
                  {band.lower === band.upper ? (
                    'same in all runs'
                  ) : (
                    <>
                      <span>lower {formatKpi(name, band.lower)}</span> <span>upper {formatKpi(name, band.upper)}</span>
                    </>
                  )}
                </span>
                {delta && <BaselineDifference name={name} delta={delta} today={baseline.kpis[name]?.mean ?? 0} />}
              </div>
            )
          );
        })}
      </dl>
      <Satisfaction scenario={scenario} baseline={baseline} />
      <div className="legend">
        <span>
          <i aria-hidden="true" />
          With changes, and bounds
        </span>
        <span>
          <i data-line="base" aria-hidden="true" />
          Current configuration
        </span>
      </div>
      <div className="band-grid">
        {days.map((name) => {
          const bands = scenario.daily[name];
          const base = baseline.daily[name];
          return (
            bands && (
              <Card key={name} title={dailyTitles[name]}>
                <BandChart
                  title={dailyTitles[name] ?? name}
                  labels={bands.mean.map((_, index) => dayLabel(view.request.demand.from, index))}
                  bands={bands}
                  base={base}
                  formatAxis={(value) => formatKpiAxis(name, value)}
                  format={(value) => formatKpi(name, value, kpiCurrency(name, view))}
                />
              </Card>
            )
          );
        })}
      </div>
    </>
  );
}

/** The difference from the current configuration. */
function BaselineDifference({ name, delta, today }: { name: string; delta: Difference; today: number }) {
  if (delta.lower === 0 && delta.upper === 0)
    return (
      <span className="delta" data-way="even">
        no change
      </span>
    );
  return (
    <span className="delta" data-way={differenceDirection(name, delta)}>
      <span>{formatDifference(name, delta.mean)}</span> <span>vs. {formatKpi(name, today)}</span>
      {delta.mean !== 0 && !delta.certain && <span>, not significant</span>}
    </span>
  );
}

const outcomes = [
  ['orders_in_full', 'In full', 'var(--tone-done-mark)'],
  ['orders_in_part', 'In part', 'var(--tone-attention-mark)'],
  ['orders_unfulfilled', 'Not fulfilled', 'var(--tone-failed-mark)'],
] as const;

function Satisfaction({ scenario, baseline }: { scenario: Figures; baseline: Figures }) {
  return (
    <Card title="Order satisfaction">
      <div className="stack" style={{ gap: 12 }}>
        {(
          [
            ['With changes', scenario],
            ['Current configuration', baseline],
          ] as const
        ).map(([title, figures]) => {
          const total = outcomes.reduce((sum, [name]) => sum + (figures.kpis[name]?.mean ?? 0), 0) || 1;
          return (
            <div key={title} className="stack" style={{ gap: 4 }}>
              <span className="small strong">{title}</span>
              <div className="bar-row" aria-hidden="true">
                {outcomes.map(([name, , colour]) => (
                  <i key={name} style={{ width: `${(100 * (figures.kpis[name]?.mean ?? 0)) / total}%`, background: colour }} />
                ))}
              </div>
              <span className="small muted">
                {outcomes
                  .map(([name, label]) => `${label} ${formatDecimal(Math.round(((figures.kpis[name]?.mean ?? 0) / total) * 1000) / 10)}%`)
                  .join(' · ')}
              </span>
            </div>
          );
        })}
      </div>
    </Card>
  );
}
