import { compareSimulations, type Comparison } from '@client/sourcing';
import { LeftOutlined } from '@kit/icons';
import { EmptyState, QueryContent } from '@kit/feedback';
import { Page, Card } from '@kit/layout';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { kpiCurrency, kpis, formatKpi, formatDifference, simulationTemplates, differenceDirection } from './kpis';
import '../optimization.css';

/** Finished simulations side by side; differences are relative to the first. */
export default function CompareSimulationsPage() {
  const [params] = useSearchParams();
  const ids = (params.get('ids') ?? '').split(',').filter(Boolean);
  const comparison = useQuery({
    queryKey: ['simulations', 'compare', ids],
    queryFn: () => compareSimulations(ids),
    enabled: ids.length > 1,
  });
  return (
    <Page
      title="Compare simulations"
      breadcrumb={
        <Link className="crumb" to="/simulations">
          <LeftOutlined /> Simulations
        </Link>
      }
      description="Mean values with 90% bounds. Differences are relative to the first simulation."
    >
      {ids.length < 2 ? (
        <Card>
          <EmptyState title="Select simulations to compare" action={<Link to="/simulations">Choose simulations</Link>}>
            Select two to six finished simulations in the list, then compare them.
          </EmptyState>
        </Card>
      ) : (
        <QueryContent query={comparison} rows={12}>
          {(data) => <Table data={data} />}
        </QueryContent>
      )}
    </Page>
  );
}

/** KPIs shown before the scenario settings. */
const leadingKpis = ['orders_per_week', 'avg_fulfillment_distance_km', 'cost'];

function Table({ data }: { data: Comparison }) {
  const kpiNames = Object.keys(kpis).filter((name) => data.columns.some((column) => name in column.kpis));
  const rows = (names: readonly string[]) => names.map((name) => <KpiRow key={name} name={name} data={data} />);
  const facts: [string, (item: Comparison['columns'][number]) => string][] = [
    ['Template', (entry) => simulationTemplates[entry.template]?.title ?? entry.template],
    ['Days', (candidate) => `${candidate.from} to ${candidate.to}`],
    ['Sources', (current) => String(current.sources)],
    ['Constraints', (value) => String(value.constraints)],
    ['Description', (item) => item.description || '—'],
  ];
  return (
    <Card flush>
      {data.difference.slice(1).some((item) => item === null) && (
        <p className="muted small" style={{ padding: '10px var(--pad)' }}>
          Differences are only available for simulations with the same demand and stock. Clone a simulation to compare changes.
        </p>
      )}
      <HorizontalScroll label="Comparison">
        <table className="plain compared">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              {data.columns.map((item) => (
                <th key={item.id} scope="col">
                  <Link to={`/simulations/${item.id}`}>{item.name}</Link>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows(leadingKpis.filter((name) => kpiNames.includes(name)))}
            {facts.map(([title, format]) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                {data.columns.map((item) => (
                  <td key={item.id}>{format(item)}</td>
                ))}
              </tr>
            ))}
            {rows(kpiNames.filter((name) => !leadingKpis.includes(name)))}
          </tbody>
        </table>
      </HorizontalScroll>
    </Card>
  );
}

function KpiRow({ name, data }: { name: string; data: Comparison }) {
  return (
    <tr>
      <th scope="row">{kpis[name]?.title}</th>
      {data.columns.map((column, index) => {
        const band = column.kpis[name];
        const delta = index > 0 ? data.difference[index]?.[name] : undefined;
        return (
          <td key={column.id}>
            {band && (
              <span className="two-line">
                <span className="figure strong">{formatKpi(name, band.mean, kpiCurrency(name, column))}</span>
                <span className="muted figure">
                  {formatKpi(name, band.lower)} to {formatKpi(name, band.upper)}
                </span>
                {delta && (
                  <span className="delta" data-way={differenceDirection(name, delta)}>
                    {delta.lower === 0 && delta.upper === 0 ? 'no difference' : formatDifference(name, delta.mean)}
                    {delta.mean !== 0 && !delta.certain && ', not significant'}
                  </span>
                )}
              </span>
            )}
          </td>
        );
      })}
    </tr>
  );
}
