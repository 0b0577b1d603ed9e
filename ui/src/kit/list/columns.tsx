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

/** Column visibility, stored on this device. */
export function useColumns<T>(list: string, columns: readonly ListColumn<T>[]) {
  const storageKey = `openiom.columns.${list}`;
  const [open, setOpen] = useState(false);
  const [hidden, setHidden] = useState<string[]>(() => {
    const stored = localStorage.getItem(storageKey);
    return stored === null
      ? columns.filter((column) => column.hiddenByDefault).map((column) => column.id)
      : (JSON.parse(stored) as string[]);
  });
  const toggle = (key: string): void => {
    const next = hidden.includes(key) ? hidden.filter((item) => item !== key) : [...hidden, key];
    localStorage.setItem(storageKey, JSON.stringify(next));
    setHidden(next);
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
              <Checkbox
                key={column.id}
                disabled={column.alwaysShown}
                checked={!hidden.includes(column.id)}
                onChange={() => toggle(column.id)}
              >
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
  return { visibleColumns: columns.filter((column) => !hidden.includes(column.id)), columnChooser };
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
