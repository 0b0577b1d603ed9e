import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { EmptyState } from '../feedback';
import { whole } from '../format';
import { BulkBar, type Verb } from './BulkActionBar';
import type { ListColumn } from './columns';
import { type Filter, FilterBar } from './FilterBar';
import { ListView } from './ListView';
import type { PagedList } from './usePagedList';

type Values = Partial<Record<string, string>>;

interface Nothing {
  title: string;
  says: ReactNode;
  action?: ReactNode;
}

interface Props<T> {
  label: string;
  list: PagedList<T>;
  columns: readonly ListColumn<T>[];
  idOf: (row: T) => string;
  /** What a person calls the row. */
  nameOf: (row: T) => string;
  noun: readonly [string, string];
  pages?: readonly [string, string];
  onOpen?: (row: T) => void;
  filters: readonly Filter[];
  values: Values;
  onChange: (change: Record<string, string | undefined>) => void;
  search?: string;
  extra?: ReactNode;
  /** What can be done to selected rows; the rows that may be selected are handed in. Absent: none can be. */
  verbs?: (picked: T[]) => readonly Verb[];
  pickable?: (row: T) => boolean;
  onDone?: () => void;
  icon: ReactNode;
  /** Nothing is there at all. */
  empty: Nothing;
  /** Nothing fits what was asked for. */
  unmatched: Omit<Nothing, 'action'>;
}

/** A list to work on: filters or, once rows are selected, what can be done to them; and the two ways to be empty. */
export function WorkList<T extends object>({
  label,
  list,
  columns,
  idOf,
  nameOf,
  noun,
  pages,
  onOpen,
  filters,
  values,
  onChange,
  search,
  extra,
  verbs,
  pickable = () => true,
  onDone,
  icon,
  empty,
  unmatched,
}: Props<T>) {
  const [selected, setSelected] = useState<string[]>([]);
  const rows = verbs ? list.rows.filter((row) => pickable(row) && selected.includes(idOf(row))) : [];
  const narrowing = [...filters.map((one) => one.key), ...(search === undefined ? [] : ['search'])];
  const narrowed = narrowing.some((key) => values[key] !== undefined);
  return (
    <ListView
      label={label}
      list={list}
      columns={columns}
      idOf={idOf}
      nameOf={nameOf}
      noun={noun}
      pages={pages}
      onOpen={onOpen}
      selection={verbs && { ids: rows.map(idOf), onChange: setSelected }}
      toolbar={
        verbs && rows.length > 0 ? (
          <BulkBar
            picked={rows.map((row) => ({ id: idOf(row), label: nameOf(row) }))}
            noun={noun}
            verbs={verbs(rows)}
            onClear={() => setSelected([])}
            onDone={() => onDone?.()}
          />
        ) : (
          <FilterBar search={search} filters={filters} values={values} onChange={onChange} extra={extra} />
        )
      }
      empty={
        narrowed ? (
          <EmptyState
            icon={icon}
            title={unmatched.title}
            action={<Button onClick={() => onChange(Object.fromEntries(narrowing.map((key) => [key, undefined])))}>Clear filters</Button>}
          >
            {unmatched.says}
          </EmptyState>
        ) : (
          <EmptyState icon={icon} title={empty.title} action={empty.action}>
            {empty.says}
          </EmptyState>
        )
      }
    />
  );
}

/** A product and a source to narrow by. */
export const stockFilters = (sources: readonly { name: string; title: string }[] | undefined): Filter[] => [
  { key: 'product', label: 'Product', kind: 'text' },
  {
    key: 'source',
    label: 'Source',
    kind: 'choice',
    options: (sources ?? []).map((one) => ({ value: one.name, label: one.title || one.name })),
  },
];

/** A column of whole numbers. */
export const figureColumn = <T,>(key: string, title: string, value: (row: T) => number, strong = false): ListColumn<T> => ({
  key,
  title,
  align: 'right',
  text: value,
  render: (row) => <span className={strong ? 'figure strong' : 'figure'}>{whole(value(row))}</span>,
});
