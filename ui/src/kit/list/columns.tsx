import { TableOutlined } from '../icons';
import { Button, Checkbox, Popover } from 'antd';
import { type ReactNode, useState } from 'react';

export interface ListColumn<T> {
  key: string;
  title: string;
  render: (row: T) => ReactNode;
  /** The value in an export; absent: not exported. */
  text?: (row: T) => string | number;
  align?: 'right';
  width?: number;
  ellipsis?: boolean;
  /** Columns side by side of the same group stand under its name. */
  group?: string;
  /** Said when its title is pointed at. */
  hint?: string;
  /** Not shown until chosen. */
  extra?: boolean;
  /** Cannot be hidden. */
  fixed?: boolean;
}

/** Which columns are shown, remembered on this device. */
export function useColumns<T>(list: string, all: readonly ListColumn<T>[]) {
  const place = `openiom.columns.${list}`;
  const [hidden, setHidden] = useState<string[]>(() => {
    const stored = localStorage.getItem(place);
    return stored === null ? all.filter((column) => column.extra).map((column) => column.key) : (JSON.parse(stored) as string[]);
  });
  const toggle = (key: string): void => {
    const next = hidden.includes(key) ? hidden.filter((one) => one !== key) : [...hidden, key];
    localStorage.setItem(place, JSON.stringify(next));
    setHidden(next);
  };
  const chooser = (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <fieldset className="column-choice">
          <legend>Columns</legend>
          {all.map((column) => (
            <Checkbox key={column.key} disabled={column.fixed} checked={!hidden.includes(column.key)} onChange={() => toggle(column.key)}>
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
  return { shown: all.filter((column) => !hidden.includes(column.key)), chooser };
}
