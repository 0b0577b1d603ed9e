import { ArrowUpOutlined, LeftOutlined, RightOutlined } from '../icons';
import { Button, Skeleton, Table } from 'antd';
import type { ColumnsType } from 'antd/es/table';
import type { Key, MouseEvent, ReactNode } from 'react';
import { ProblemNotice } from '../feedback';
import { ScrollX } from '../ScrollX';
import type { ListColumn } from './columns';
import type { PagedList } from './usePagedList';

interface Props<T> {
  label: string;
  list: PagedList<T>;
  columns: readonly ListColumn<T>[];
  idOf: (row: T) => string;
  /** What a person calls the row; said by its checkbox. */
  nameOf?: (row: T) => string;
  empty: ReactNode;
  /** One and many of what is listed, for "12 new orders - show". */
  noun?: readonly [string, string];
  onOpen?: (row: T) => void;
  selection?: { ids: string[]; onChange: (ids: string[]) => void };
  toolbar?: ReactNode;
}

const isControl = (target: EventTarget): boolean =>
  target instanceof Element && target.closest('a,button,input,label,[role="checkbox"]') !== null;

/** A list: toolbar, rows that stay put while they refresh, and a way to the next page. It never counts the whole table. */
export function ListView<T extends object>({ label, list, columns, idOf, nameOf, empty, noun, onOpen, selection, toolbar }: Props<T>) {
  const columnsShown: ColumnsType<T> = columns.map((column) => ({
    key: column.key,
    title: column.title,
    align: column.align,
    width: column.width,
    ellipsis: column.ellipsis ? { showTitle: true } : false,
    render: (_: unknown, row: T) => column.render(row),
  }));
  const fresh = list.fresh.length;

  const body = (): ReactNode => {
    if (list.error && list.rows.length === 0) return <ProblemNotice error={list.error} onRetry={list.retry} />;
    if (list.loading) return <ListSkeleton label={label} />;
    if (list.rows.length === 0) return empty;
    return (
      <ScrollX label={label}>
        <Table<T>
          aria-label={label}
          columns={columnsShown}
          dataSource={list.rows}
          rowKey={idOf}
          pagination={false}
          size="middle"
          rowClassName={(row) => (list.left.has(idOf(row)) ? 'row-left' : onOpen ? 'row-open' : '')}
          rowSelection={
            selection && {
              selectedRowKeys: selection.ids,
              onChange: (keys: Key[]) => selection.onChange(keys.map(String)),
              columnWidth: 44,
              getCheckboxProps: (row: T) => ({ 'aria-label': `Select ${(nameOf ?? idOf)(row)}` }),
            }
          }
          onRow={(row) => ({
            onClick: (event: MouseEvent<HTMLElement>) => {
              if (onOpen && !isControl(event.target)) onOpen(row);
            },
          })}
        />
      </ScrollX>
    );
  };

  return (
    <div className="list card flush">
      {toolbar}
      {fresh > 0 && (
        <div className="fresh" aria-live="polite">
          <Button shape="round" size="small" icon={<ArrowUpOutlined />} onClick={list.showFresh}>
            {fresh >= 50 ? '50 or more' : fresh} new {noun ? noun[fresh === 1 ? 0 : 1] : ''} — show
          </Button>
        </div>
      )}
      {list.error !== null && list.rows.length > 0 && <ProblemNotice compact error={list.error} onRetry={list.retry} />}
      {body()}
      {(list.next ?? list.previous) && (
        <nav className="pager" aria-label={`Pages of ${label}`}>
          <Button size="small" icon={<LeftOutlined />} disabled={!list.previous} onClick={list.previous}>
            Newer
          </Button>
          <Button size="small" icon={<RightOutlined />} iconPlacement="end" disabled={!list.next} onClick={list.next}>
            Older
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
