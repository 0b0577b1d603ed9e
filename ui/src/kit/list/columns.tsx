import { FocusPopover } from '../FocusPopover';
import { TableOutlined } from '../icons';
import { usePreferences } from '../preferences';
import { Button, Checkbox, Radio } from 'antd';
import { type ReactNode, useState } from 'react';

export interface ListColumn<T> {
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Value in exports; absent when the column is not exported. */
  exportValue?: (row: T) => string | number;
  /** Value of the `sort` parameter that sorts by this column on the server; absent when it is not sortable. */
  sortKey?: string;
  /** Whether the first click on the title sorts from the largest or latest value. */
  sortDescendingFirst?: boolean;
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
  const [open, setOpen] = useState(false);
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
    <FocusPopover
      open={open}
      onOpenChange={setOpen}
      placement="bottomRight"
      content={
        <div className="stack">
          <fieldset className="column-choice">
            <legend>Columns</legend>
            {columns.map((column) => (
              <Checkbox key={column.id} disabled={column.alwaysShown} checked={isShown(column)} onChange={() => toggle(column)}>
                {column.group === undefined ? column.title : `${column.group}: ${column.title}`}
              </Checkbox>
            ))}
          </fieldset>
          <DensityChoice />
        </div>
      }
    >
      <Button icon={<TableOutlined />} aria-label="Choose columns">
        Columns
      </Button>
    </FocusPopover>
  );
  return { visibleColumns: columns.filter(isShown), columnChooser };
}

/** How high the rows of all lists are. */
function DensityChoice() {
  const { density, setDensity } = usePreferences();
  return (
    <fieldset className="column-choice">
      <legend>Rows</legend>
      <Radio.Group
        aria-label="Row density"
        value={density}
        onChange={(event) => setDensity(event.target.value === 'compact' ? 'compact' : 'comfortable')}
        options={[
          { value: 'comfortable', label: 'Comfortable' },
          { value: 'compact', label: 'Compact' },
        ]}
      />
    </fieldset>
  );
}
