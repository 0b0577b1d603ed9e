import { ArrowDownOutlined, ArrowUpOutlined, LeftOutlined, RightOutlined } from '../icons';
import { Button, Skeleton, Table, Tooltip } from 'antd';
import type { ColumnsType } from 'antd/es/table';
import { type Key, type MouseEvent, type ReactNode, useRef } from 'react';
import { ExplainedButton } from '../ExplainedButton';
import { ProblemNotice } from '../feedback';
import { HorizontalScroll } from '../HorizontalScroll';
import type { ListColumn } from './columns';
import { useListKeys } from './useListKeys';
import type { PagedList } from './usePagedList';

/** The sort order of a list: the `sortKey` of a column, with a leading `-` when it is descending. */
export interface Sort {
  key: string;
  /** Whether the list can be sorted in both directions. */
  reversible?: boolean;
  onChange: (key: string) => void;
}

interface Props<T> {
  label: string;
  list: PagedList<T>;
  columns: readonly ListColumn<T>[];
  rowId: (row: T) => string;
  /** The name of a row, used by its checkbox. */
  rowName?: (row: T) => string;
  empty: ReactNode;
  /** Singular and plural of the rows, for "12 new orders". */
  noun?: readonly [string, string];
  onOpen?: (row: T) => void;
  selection?: { ids: string[]; onChange: (ids: string[]) => void };
  sort?: Sort;
  toolbar?: ReactNode;
  /** Labels of the previous and next page buttons. */
  pagerLabels?: readonly [string, string];
}

const isControl = (target: EventTarget): boolean =>
  target instanceof Element && target.closest('a,button,input,label,[role="checkbox"]') !== null;

const titleWithHint = (title: string, hint: string): ReactNode => (
  <Tooltip title={hint}>
    <span className="hinted">{title}</span>
  </Tooltip>
);

const isSorted = <T,>(column: ListColumn<T>, sort: Sort | undefined): boolean =>
  sort !== undefined && column.sortKey !== undefined && column.sortKey === sort.key.replace(/^-/, '');

const isDescending = (sort: Sort | undefined): boolean => sort?.key.startsWith('-') ?? false;

/** The sort after a click on the title of a column. */
function nextSort<T>(column: ListColumn<T>, sort: Sort): string {
  const key = column.sortKey ?? '';
  if (!sort.reversible) return key;
  const descending = isSorted(column, sort) ? !isDescending(sort) : column.sortDescendingFirst === true;
  return descending ? `-${key}` : key;
}

/** The title of a column; a button when the list can be sorted by it. */
function columnTitle<T>(column: ListColumn<T>, sort: Sort | undefined): ReactNode {
  const { hint, sortKey, title } = column;
  const text = hint === undefined ? title : titleWithHint(title, hint);
  if (sort === undefined || sortKey === undefined) return text;
  return (
    <button type="button" className="sort-button" aria-label={`Sort by ${title}`} onClick={() => sort.onChange(nextSort(column, sort))}>
      {text} {isSorted(column, sort) && (isDescending(sort) ? <ArrowDownOutlined /> : <ArrowUpOutlined />)}
    </button>
  );
}

/** Convert to Ant Design columns, with grouped columns under a shared heading. */
function toTableColumns<T>(columns: readonly ListColumn<T>[], sort: Sort | undefined): ColumnsType<T> {
  const tableColumns: ColumnsType<T> = [];
  let openGroup: { title: string; children: ColumnsType<T> } | undefined;
  for (const column of columns) {
    const tableColumn = {
      key: column.id,
      title: columnTitle(column, sort),
      onHeaderCell: () => ({
        'aria-sort': isSorted(column, sort) ? (isDescending(sort) ? ('descending' as const) : ('ascending' as const)) : undefined,
      }),
      align: column.align,
      width: column.width,
      ellipsis: column.ellipsis ? { showTitle: true } : false,
      render: (_: unknown, row: T) => column.cell(row),
    };
    if (column.group === undefined) {
      openGroup = undefined;
      tableColumns.push(tableColumn);
    } else if (openGroup?.title === column.group) {
      openGroup.children.push(tableColumn);
    } else {
      openGroup = { title: column.group, children: [tableColumn] };
      tableColumns.push({ key: `group ${column.id}`, className: 'column-group', ...openGroup });
    }
  }
  return tableColumns;
}

/** A paged list: toolbar, rows that keep their position on refresh, and pager. Rows are never counted. */
export function ListView<T extends object>({
  label,
  list,
  columns,
  rowId,
  rowName,
  empty,
  noun,
  onOpen,
  selection,
  sort,
  toolbar,
  pagerLabels = sort === undefined ? ['Newer', 'Older'] : ['Previous', 'Next'],
}: Props<T>) {
  const tableColumns = toTableColumns(columns, sort);
  const newRowCount = list.newRows.length;
  const container = useRef<HTMLDivElement>(null);
  useListKeys(container, (key) => {
    const row = list.rows.find((item) => rowId(item) === key);
    if (row) onOpen?.(row);
  });

  const body = (): ReactNode => {
    if (list.error && list.rows.length === 0) return <ProblemNotice error={list.error} onRetry={list.retry} />;
    if (list.loading) return <ListSkeleton label={label} />;
    if (list.rows.length === 0) return empty;
    return (
      <HorizontalScroll label={label}>
        <Table<T>
          aria-label={label}
          columns={tableColumns}
          dataSource={list.rows}
          rowKey={rowId}
          pagination={false}
          size="middle"
          rowClassName={(row) => (list.departedIds.has(rowId(row)) ? 'row-left' : onOpen ? 'row-open' : '')}
          rowSelection={
            selection && {
              selectedRowKeys: selection.ids,
              onChange: (keys: Key[]) => selection.onChange(keys.map(String)),
              columnWidth: 44,
              getCheckboxProps: (row: T) => ({ 'aria-label': `Select ${(rowName ?? rowId)(row)}` }),
            }
          }
          onRow={(row) => ({
            tabIndex: -1,
            onClick: (event: MouseEvent<HTMLElement>) => {
              if (onOpen && !isControl(event.target)) onOpen(row);
            },
          })}
        />
      </HorizontalScroll>
    );
  };

  return (
    <div className="list card flush" ref={container} aria-busy={list.stale ? 'true' : undefined}>
      {toolbar}
      {newRowCount > 0 && (
        <div className="fresh" aria-live="polite">
          <Button shape="round" size="small" icon={<ArrowUpOutlined />} onClick={list.showNewRows}>
            {newRowCount >= 50 ? '50 or more' : newRowCount} new {noun ? noun[newRowCount === 1 ? 0 : 1] : ''} — show
          </Button>
        </div>
      )}
      {list.error !== null && list.rows.length > 0 && <ProblemNotice compact error={list.error} onRetry={list.retry} />}
      {body()}
      {(list.next ?? list.previous) && (
        <nav className="pager" aria-label={`Pages of ${label}`}>
          <ExplainedButton
            size="small"
            icon={<LeftOutlined />}
            allowed={list.previous !== undefined}
            disabledReason="This is the first page"
            onClick={list.previous}
          >
            {pagerLabels[0]}
          </ExplainedButton>
          <ExplainedButton
            size="small"
            icon={<RightOutlined />}
            iconPlacement="end"
            allowed={list.next !== undefined}
            disabledReason="This is the last page"
            onClick={list.next}
          >
            {pagerLabels[1]}
          </ExplainedButton>
        </nav>
      )}
    </div>
  );
}

function ListSkeleton({ label }: { label: string }) {
  return (
    <div className="list-skeleton" aria-busy="true" aria-label={`Loading ${label}`}>
      {Array.from({ length: 8 }, (_, index) => (
        <Skeleton.Input key={index} active block size="small" />
      ))}
    </div>
  );
}
