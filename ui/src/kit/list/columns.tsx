import { TableOutlined } from '../icons';
import { Button, Checkbox, Popover } from 'antd';
import { type ReactNode, useState } from 'react';

export interface ListColumn<T> {
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Value in exports; absent when the column is not exported. */
  exportValue?: (row: T) => string | number;
  /** Value of the `sort` parameter that sorts by this column on the server; absent when it is not sortable. */
  sortKey?: string;
  align?: 'right';
  width?: number;
  ellipsis?: boolean;
  /** Adjacent columns with the same group share a heading. */
  group?: string;
  /** Tooltip of the title. */
  hint?: string;
  /** Whether the column is hidden by default. */
  hiddenByDefault?: boolean;
  /** Whether the column cannot be hidden. */
  alwaysShown?: boolean;
}

/** Column visibility, stored on this device. Columns that the user has not shown or hidden follow their default. */
export function useColumns<T>(list: string, columns: readonly ListColumn<T>[]) {
  const storageKey = `openiom.columns.${list}`;
  const [shown, setShown] = useState<Record<string, boolean>>(
    () => JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Record<string, boolean>,
  );
  const isShown = (column: ListColumn<T>): boolean => shown[column.id] ?? !column.hiddenByDefault;
  const toggle = (column: ListColumn<T>): void => {
    const next = { ...shown, [column.id]: !isShown(column) };
    localStorage.setItem(storageKey, JSON.stringify(next));
    setShown(next);
  };
  const columnChooser = (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <fieldset className="column-choice">
          <legend>Columns</legend>
          {columns.map((column) => (
            <Checkbox key={column.id} disabled={column.alwaysShown} checked={isShown(column)} onChange={() => toggle(column)}>
              {column.group === undefined ? column.title : `${column.group}: ${column.title}`}
            </Checkbox>
          ))}
        </fieldset>
      }
    >
      <Button icon={<TableOutlined />} aria-label="Choose columns">
        Columns
      </Button>
    </Popover>
  );
  return { visibleColumns: columns.filter(isShown), columnChooser };
}
