import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { EmptyState } from '../feedback';
import { formatNumber } from '../format';
import { BulkActionBar, type BulkAction } from './BulkActionBar';
import type { ListColumn } from './columns';
import { type Filter, FilterBar, type ListViews } from './FilterBar';
import { ListView, type Sort } from './ListView';
import type { MatchingRows } from './matching';
import type { PagedList } from './usePagedList';

type Values = Partial<Record<string, string>>;

interface EmptyContent {
  title: string;
  description: ReactNode;
  action?: ReactNode;
}

interface Props<T> {
  label: string;
  list: PagedList<T>;
  columns: readonly ListColumn<T>[];
  rowId: (row: T) => string;
  /** The name of a row. */
  rowName: (row: T) => string;
  noun: readonly [string, string];
  pagerLabels?: readonly [string, string];
  onOpen?: (row: T) => void;
  sort?: Sort;
  filters: readonly Filter[];
  values: Values;
  onChange: (change: Record<string, string | undefined>) => void;
  search?: string;
  extra?: ReactNode;
  /** Bulk actions for the selected rows; absent when rows cannot be selected. */
  actions?: (selectedRows: T[]) => readonly BulkAction[];
  isSelectable?: (row: T) => boolean;
  onDone?: () => void;
  /** Everything that matches the filters, for actions on more than one page. */
  matching?: MatchingRows;
  views?: ListViews;
  icon: ReactNode;
  /** Shown when there are no rows. */
  empty: EmptyContent;
  /** Shown when no rows match the filters. */
  noMatch: Omit<EmptyContent, 'action'>;
}

/** A list with filters, bulk actions and empty states. */
export function ActionableList<T extends object>({
  label,
  list,
  columns,
  rowId,
  rowName,
  noun,
  pagerLabels,
  onOpen,
  sort,
  filters,
  values,
  onChange,
  search,
  extra,
  actions,
  isSelectable = () => true,
  onDone,
  matching,
  views,
  icon,
  empty,
  noMatch,
}: Props<T>) {
  const [selected, setSelected] = useState<string[]>([]);
  const rows = actions ? list.rows.filter((row) => isSelectable(row) && selected.includes(rowId(row))) : [];
  const filterKeys = [...filters.map((filter) => filter.key), ...(search === undefined ? [] : ['search'])];
  const isFiltered = filterKeys.some((key) => values[key] !== undefined);
  return (
    <ListView
      label={label}
      list={list}
      columns={columns}
      rowId={rowId}
      rowName={rowName}
      noun={noun}
      pagerLabels={pagerLabels}
      onOpen={onOpen}
      sort={sort}
      selection={actions && { ids: rows.map(rowId), onChange: setSelected }}
      toolbar={
        <BulkActionBar
          selectedRows={rows.map((row) => ({ id: rowId(row), label: rowName(row) }))}
          noun={noun}
          actions={rows.length > 0 ? (actions?.(rows) ?? []) : []}
          onClear={() => setSelected([])}
          onDone={() => onDone?.()}
          matching={(list.next ?? list.previous) ? matching : undefined}
        >
          <FilterBar search={search} filters={filters} values={values} onChange={onChange} extra={extra} views={views} />
        </BulkActionBar>
      }
      empty={
        isFiltered ? (
          <EmptyState
            icon={icon}
            title={noMatch.title}
            action={<Button onClick={() => onChange(Object.fromEntries(filterKeys.map((key) => [key, undefined])))}>Clear filters</Button>}
          >
            {noMatch.description}
          </EmptyState>
        ) : (
          <EmptyState icon={icon} title={empty.title} action={empty.action}>
            {empty.description}
          </EmptyState>
        )
      }
    />
  );
}

/** Filters for product and source. */
export const stockFilters = (sources: readonly { name: string; title: string }[] | undefined): Filter[] => [
  { key: 'product', label: 'Product', kind: 'text' },
  {
    key: 'source',
    label: 'Source',
    kind: 'choice',
    options: (sources ?? []).map((source) => ({ value: source.name, label: source.title || source.name })),
  },
];

/** A column of numbers. */
export const numberColumn = <T,>(key: string, title: string, value: (row: T) => number, strong = false): ListColumn<T> => ({
  id: key,
  title,
  align: 'right',
  exportValue: value,
  cell: (row) => <span className={strong ? 'figure strong' : 'figure'}>{formatNumber(value(row))}</span>,
});
