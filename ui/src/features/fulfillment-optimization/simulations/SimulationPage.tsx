import { type Band, type Difference, type Figures, getSimulation, type SimulationView, type Summary } from '@client/sourcing';
import { listSources } from '@client/inventory';
import { BandChart } from '@kit/BandChart';
import { LeftOutlined } from '@kit/icons';
import { QueryContent } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { DescriptionList, Page, Card } from '@kit/layout';
import { MapView, pinOf } from '@kit/MapView';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { humanize } from '@vocabulary';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Segmented } from 'antd';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { CommitDialog } from './CommitDialog';
import {
  kpiCurrency,
  dailyTitles,
  dayLabel,
  formatKpiAxis,
  kpis,
  formatKpi,
  formatDifference,
  simulationTemplates,
  differenceDirection,
} from './kpis';
import { usePermission } from '@kit/usePermission';
import { SimulationStateTag } from './SimulationStateTag';
import { describeChanges } from './describeChanges';
import { formatDecimal } from '../labels';
import '../optimization.css';

/** A simulation with its progress, results and commit. */
export default function SimulationPage() {
  const { id = '' } = useParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [committing, setCommitting] = useState(false);
  const canSimulate = usePermission('sourcing.write');
  const canConfigure = usePermission('configuration.write');
  const detailQuery = useQuery({
    queryKey: ['simulations', 'one', id],
    queryFn: () => getSimulation(id),
    refetchInterval: (query) => (['waiting', 'running'].includes(query.state.data?.state ?? '') ? 1000 : false),
  });
  const simulation = detailQuery.data;
  const commitDisabledReason = !simulation
    ? 'Loading'
    : simulation.state !== 'finished'
      ? 'Only a finished simulation can be committed'
      : simulation.committed_at
        ? 'Already committed'
        : simulation.changed.every((item) => item.change === 'unchanged')
          ? 'No configuration changes to commit'
          : !canConfigure
            ? 'You need the permission configuration.write'
            : '';
  return (
    <Page
      title={simulation?.name ?? 'Simulation'}
      breadcrumb={
        <Link className="crumb" to="/simulations">
          <LeftOutlined /> Simulations
        </Link>
      }
      description={
        simulation && (
          <>
            {simulationTemplates[simulation.template]?.title} <SimulationStateTag row={simulation} /> {simulation.description}
          </>
        )
      }
      actions={
        simulation && (
          <>
            <ExplainedButton
              allowed={canSimulate}
              disabledReason="You need the permission sourcing.write"
              onClick={() => void navigate(`/simulations/new?clone=${id}`)}
            >
              Clone and change
            </ExplainedButton>
            <ExplainedButton
              type="primary"
              allowed={commitDisabledReason === ''}
              disabledReason={commitDisabledReason}
              onClick={() => setCommitting(true)}
            >
              Commit changes
            </ExplainedButton>
          </>
        )
      }
    >
      <QueryContent query={detailQuery} rows={12}>
        {(view) => (
          <>
            {(view.state === 'waiting' || view.state === 'running') && <Progress view={view} />}
            {view.state === 'failed' && (
              <div className="problem" role="alert">
                <div>
                  <p className="problem-what">The simulation failed</p>
                  <p>{view.error}</p>
                  <p>Clone the simulation, correct its settings and run it again.</p>
                </div>
              </div>
            )}
            {view.summary && <Results view={view} summary={view.summary} />}
            <RequestCard view={view} />
          </>
        )}
      </QueryContent>
      {committing && simulation && (
        <CommitDialog
          simulation={simulation}
          onClose={() => setCommitting(false)}
          onDone={() => {
            void queryClient.invalidateQueries({ queryKey: ['simulations'] });
            void queryClient.invalidateQueries({ queryKey: ['configuration'] });
            void queryClient.invalidateQueries({ queryKey: ['sources'] });
          }}
        />
      )}
    </Page>
  );
}

function Progress({ view }: { view: SimulationView }) {
  return (
    <Card title={view.state === 'waiting' ? 'Waiting for a worker' : 'Running'} extra={`${view.runs_done} of ${view.runs} runs`}>
      <div
        className="progress-line"
        role="progressbar"
        aria-label="Runs done"
        aria-valuemin={0}
        aria-valuemax={view.runs}
        aria-valuenow={view.runs_done}
      >
        <i style={{ width: `${view.progress * 100}%` }} />
      </div>
      <p className="muted small" style={{ marginTop: 8 }}>
        Each run sources the same days with the current configuration and with the changes. You can leave this page.
      </p>
    </Card>
  );
}

function Results({ view, summary }: { view: SimulationView; summary: Summary }) {
  const [part, setView] = useState<'metrics' | 'map'>('metrics');
  return (
    <>
      <div className="row between">
        <Segmented
          value={part}
          onChange={setView}
          options={[
            { value: 'metrics', label: 'Metrics' },
            { value: 'map', label: 'By source' },
          ]}
        />
        <span className="muted small">
          Mean of {view.runs} runs with 90% bounds. Differences are relative to the current configuration.
        </span>
      </div>
      {part === 'metrics' ? <Metrics view={view} summary={summary} /> : <BySource summary={summary} />}
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
                  .map(([name, label]) => `${label} ${formatDecimal(Math.round(((figures.kpis[name]?.mean ?? 0) / total) * 1000) / 10)} %`)
                  .join(' · ')}
              </span>
            </div>
          );
        })}
      </div>
    </Card>
  );
}

function BySource({ summary }: { summary: Summary }) {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const { scenario, baseline } = summary;
  const mean = (figures: Figures, source: string, name: string): number => figures.by_source[source]?.[name]?.mean ?? 0;
  const names = [...new Set([...Object.keys(scenario.by_source), ...Object.keys(baseline.by_source)])].toSorted(
    (a, b) => mean(scenario, b, 'parcels') - mean(scenario, a, 'parcels'),
  );
  const columns = ['parcels', 'lines', 'units', 'avg_distance_km', 'days_used'];
  const bounds = (band: Band | undefined): string => (band ? `${formatDecimal(band.lower)} to ${formatDecimal(band.upper)}` : '');
  return (
    <>
      <MapView
        label="Parcels of each source"
        height={380}
        pins={(sources.data ?? []).flatMap((item) =>
          pinOf({
            id: item.name,
            label: `${item.name} ${formatNumber(Math.round(mean(scenario, item.name, 'parcels')))}`,
            kind: mean(scenario, item.name, 'parcels') > 0 ? 'source' : 'inactive',
            latitude: item.latitude,
            longitude: item.longitude,
          }),
        )}
      />
      <Card flush title="Results by source">
        <HorizontalScroll label="Results by source">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Source</th>
                {columns.map((name) => (
                  <th key={name} scope="col" className="num">
                    {humanize(name)}
                  </th>
                ))}
                <th scope="col" className="num">
                  Current parcels
                </th>
                <th scope="col" className="num">
                  Difference
                </th>
              </tr>
            </thead>
            <tbody>
              {names.map((source) => {
                const change = mean(scenario, source, 'parcels') - mean(baseline, source, 'parcels');
                return (
                  <tr key={source}>
                    <td className="strong">{source}</td>
                    {columns.map((name) => (
                      <td key={name} className="num figure" title={bounds(scenario.by_source[source]?.[name])}>
                        {formatDecimal(mean(scenario, source, name))}
                      </td>
                    ))}
                    <td className="num figure">{formatDecimal(mean(baseline, source, 'parcels'))}</td>
                    <td className="num figure">{formatDifference('orders', change)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </HorizontalScroll>
      </Card>
    </>
  );
}

function RequestCard({ view }: { view: SimulationView }) {
  const { demand } = view.request;
  return (
    <Card title="Settings">
      <div className="stack">
        <DescriptionList
          columns={3}
          items={[
            ['Demand', demand.kind === 'past' ? 'Past orders' : 'Forecast from past orders'],
            ['Days', `${demand.from} to ${demand.to}`],
            ['Multiplier', `× ${formatDecimal(demand.multiplier)}`],
            ['Based on', `${formatNumber(view.basis_orders)} orders, ${formatNumber(view.basis_lines)} lines`],
            ['Strategy', view.request.strategy === '' ? 'Default strategy' : view.request.strategy],
            ['Stock', `Scheduled supply${view.request.replenish_days ? `, replenished every ${view.request.replenish_days} days` : ''}`],
            ['Runs', `${view.runs}, seed ${view.request.seed}`],
            ['Created', <Timestamp key="at" at={view.created_at} />],
            [
              'Duration',
              view.started_at &&
                view.finished_at &&
                `${formatDecimal((Date.parse(view.finished_at) - Date.parse(view.started_at)) / 1000)} s`,
            ],
            ['Committed', view.committed_at && <Timestamp key="done" at={view.committed_at} />],
            ['Committed by', view.committed_by],
            [
              'Cloned from',
              view.cloned_from && (
                <Link key="from" to={`/simulations/${view.cloned_from}`}>
                  View original
                </Link>
              ),
            ],
          ]}
        />
        <div>
          <p className="strong">Changes</p>
          <ul>
            {describeChanges(view.request.changes).map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </div>
      </div>
    </Card>
  );
}
