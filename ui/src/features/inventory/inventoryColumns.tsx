import type { GroupRow, Shape } from '@client/inventory';
import { formatNumber, Timestamp } from '@kit/format';
import type { ListColumn } from '@kit/list';
import { Badge } from '@kit/states';
import type { ReactNode } from 'react';
import { dimensionTitle, measureTitle, systemTitle } from './labels';

/** Open the details of a quantity, limited to one source system if given. */
export type OpenFigure = (row: GroupRow, system: string) => void;

const groupTitles: Record<string, string> = { product: 'Product', source: 'Source' };
export const groupTitle = (displaySchema: Shape, name: string): string => groupTitles[name] ?? dimensionTitle(displaySchema, name);

function Figure({ title, value, onOpen }: { title: string; value: number; onOpen: () => void }) {
  return (
    <button type="button" className="link-button quiet figure" aria-label={`${title} ${formatNumber(value)}, open`} onClick={onOpen}>
      {formatNumber(value)}
    </button>
  );
}

function renderAvailable(row: GroupRow): ReactNode {
  if (row.oversell) return <Badge>No limit</Badge>;
  // A record without measures of its own is not short.
  if (row.available === 0 && row.reserved === 0 && Object.keys(row.measures).length === 0) return <span className="muted">0</span>;
  if (row.available > 0) return <span className="figure strong">{formatNumber(row.available)}</span>;
  return <Badge tone="failed">{formatNumber(row.available)} — short</Badge>;
}

function groupColumns(displaySchema: Shape, by: readonly string[], onOpen: OpenFigure): ListColumn<GroupRow>[] {
  return by.flatMap((name, index) => {
    const value = (row: GroupRow): string => row.values[name] ?? '';
    const column: ListColumn<GroupRow> = {
      id: `by:${name}`,
      title: groupTitle(displaySchema, name),
      alwaysShown: true,
      exportValue: value,
      cell: (row) =>
        index === 0 ? (
          <button type="button" className="link-button strong" onClick={() => onOpen(row, '')}>
            {value(row) || '(none)'}
          </button>
        ) : (
          value(row) || <span className="muted">—</span>
        ),
    };
    if (name !== 'product' || index > 0) return [column];
    const nameColumn: ListColumn<GroupRow> = {
      id: 'name',
      title: 'Name',
      exportValue: (row) => row.product_name,
      cell: (row) => row.product_name,
    };
    return [column, nameColumn];
  });
}

function ownColumns(onOpen: OpenFigure): ListColumn<GroupRow>[] {
  const figureColumn = (
    key: 'on_hand' | 'reserved' | 'safety_stock' | 'allocated',
    title: string,
    hint: string,
    hiddenByDefault?: boolean,
  ) => ({
    id: key,
    title,
    hint,
    hiddenByDefault,
    align: 'right' as const,
    exportValue: (row: GroupRow) => row[key],
    cell: (row: GroupRow) => <Figure title={title} value={row[key]} onOpen={() => onOpen(row, '')} />,
  });
  return [
    figureColumn('on_hand', 'On hand', 'Physical stock from all source systems'),
    figureColumn('reserved', 'Reserved', 'Open soft reservations'),
    figureColumn('safety_stock', 'Safety stock', 'Withheld from sale by a stock policy', true),
    figureColumn('allocated', 'Allocated', 'Allocated to channels and customer groups'),
    {
      id: 'available',
      title: 'Available',
      hint: 'On hand minus reservations, safety stock and allocations',
      align: 'right',
      exportValue: (row) => row.available,
      cell: renderAvailable,
    },
  ];
}

function measureColumns(displaySchema: Shape, onOpen: OpenFigure): ListColumn<GroupRow>[] {
  return displaySchema.systems.flatMap((system) =>
    system.measures.map((measure): ListColumn<GroupRow> => {
      const calculated = measure.terms.length > 0;
      const value = (row: GroupRow): number | undefined => row.measures[system.name]?.[measure.name];
      const formula = measure.terms.map(
        (term) =>
          `${term.sign} ${systemTitle(displaySchema, term.data_source)} ${measureTitle(displaySchema, term.data_source, term.measure)}`,
      );
      const reservable = displaySchema.reservable[0] === system.name && displaySchema.reservable[1] === measure.name;
      return {
        id: `measure:${system.name}.${measure.name}`,
        title: measure.title,
        group: calculated ? `${system.title}, calculated` : system.title,
        hint: calculated ? formula.join(' ') : undefined,
        align: 'right',
        // Internal systems ("@iv") duplicate the columns above.
        hiddenByDefault: system.name.startsWith('@') || (calculated && !reservable),
        exportValue: (row) => value(row) ?? '',
        cell: (row) => {
          const units = value(row);
          if (units === undefined) return <span className="muted">—</span>;
          if (calculated) return <span className="figure">{formatNumber(units)}</span>;
          return <Figure title={`${system.title} ${measure.title}`} value={units} onOpen={() => onOpen(row, system.name)} />;
        },
      };
    }),
  );
}

/** All columns: groups, totals, and measures by source system. */
export function gridColumns(displaySchema: Shape, by: readonly string[], onOpen: OpenFigure): ListColumn<GroupRow>[] {
  return [
    ...groupColumns(displaySchema, by, onOpen),
    ...ownColumns(onOpen),
    ...measureColumns(displaySchema, onOpen),
    { id: 'updated', title: 'Last change', exportValue: (row) => row.updated_at, cell: (row) => <Timestamp at={row.updated_at} /> },
  ];
}

/** Remove measure columns without values in these rows. */
export function withoutEmptyMeasures(columns: readonly ListColumn<GroupRow>[], rows: readonly GroupRow[]): ListColumn<GroupRow>[] {
  const postedColumns = new Set(
    rows.flatMap((row) =>
      Object.entries(row.measures).flatMap(([system, measures]) => Object.keys(measures).map((name) => `measure:${system}.${name}`)),
    ),
  );
  return columns.filter((column) => !column.id.startsWith('measure:') || postedColumns.has(column.id));
}
