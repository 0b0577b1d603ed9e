import { listSources } from '@client/inventory';
import type { Band, Figures, Summary } from '@client/sourcing';
import { formatNumber } from '@kit/format';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Card } from '@kit/layout';
import { MapView, pinOf } from '@kit/MapView';
import { useQuery } from '@tanstack/react-query';
import { humanize } from '@vocabulary';
import { formatDecimal } from '../labels';
import { formatDifference } from './kpis';

/** Parcels, lines, units and distance of each source, with the parcels of the current configuration. */
export function ResultsBySource({ summary }: { summary: Summary }) {
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
