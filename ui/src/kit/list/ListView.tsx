import { ArrowUpOutlined, LeftOutlined, RightOutlined } from '../icons';
import { Button, Skeleton, Table, Tooltip } from 'antd';
import type { ColumnsType } from 'antd/es/table';
import type { Key, MouseEvent, ReactNode } from 'react';
import { ProblemNotice } from '../feedback';
import { HorizontalScroll } from '../HorizontalScroll';
import type { ListColumn } from './columns';
import type { PagedList } from './usePagedList';

interface Props<T> {
  label: string;
  list: PagedList<T>;
  columns: readonly ListColumn<T>[];
  rowId: (row: T) => string;
  /** What a person calls the row; said by its checkbox. */
  rowName?: (row: T) => string;
  empty: ReactNode;
  /** One and many of what is listed, for "12 new orders - show". */
  noun?: readonly [string, string];
  onOpen?: (row: T) => void;
  selection?: { ids: string[]; onChange: (ids: string[]) => void };
  toolbar?: ReactNode;
  /** What the pages before and after are called; a list by time has newer and older ones. */
  pagerLabels?: readonly [string, string];
}

const isControl = (target: EventTarget): boolean =>
  target instanceof Element && target.closest('a,button,input,label,[role="checkbox"]') !== null;

const titleWithHint = (title: string, hint: string): ReactNode => (
  <Tooltip title={hint}>
    <span className="hinted">{title}</span>
  </Tooltip>
);

/** The columns in Ant Design's words, those of a group under a heading of their own. */
function toTableColumns<T>(columns: readonly ListColumn<T>[]): ColumnsType<T> {
  const tableColumns: ColumnsType<T> = [];
  let openGroup: { title: string; children: ColumnsType<T> } | undefined;
  for (const column of columns) {
    const tableColumn = {
      key: column.id,
      title: column.hint === undefined ? column.title : titleWithHint(column.title, column.hint),
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

/** A list: toolbar, rows that stay put while they refresh, and a way to the next page. It never counts the whole table. */
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
  toolbar,
  pagerLabels = ['Newer', 'Older'],
}: Props<T>) {
  const tableColumns = toTableColumns(columns);
  const newRowCount = list.newRows.length;

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
            onClick: (event: MouseEvent<HTMLElement>) => {
              if (onOpen && !isControl(event.target)) onOpen(row);
            },
          })}
        />
      </HorizontalScroll>
    );
  };

  return (
    <div className="list card flush">
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
          <Button size="small" icon={<LeftOutlined />} disabled={!list.previous} onClick={list.previous}>
            {pagerLabels[0]}
          </Button>
          <Button size="small" icon={<RightOutlined />} iconPlacement="end" disabled={!list.next} onClick={list.next}>
            {pagerLabels[1]}
          </Button>
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
