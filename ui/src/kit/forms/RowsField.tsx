import { ExplainedButton } from '../ExplainedButton';
import { CloseOutlined, PlusOutlined } from '../icons';
import { Button } from 'antd';
import type { ReactNode } from 'react';

type Row = Record<string, unknown>;

interface Props {
  legend: string;
  hint?: ReactNode;
  rows: Row[];
  createRow: (rows: Row[]) => Row;
  addLabel: string;
  /** Rows that cannot be removed. */
  minimumRows?: number;
  onChange: (rows: Row[]) => void;
  children: (row: Row, change: (part: Row) => void, index: number) => ReactNode;
}

/** A list of rows with the same fields; rows can be added and removed. */
export function RowsField({ legend, hint, rows, createRow, addLabel, minimumRows = 0, onChange, children }: Props) {
  const change = (index: number, part: Row): void =>
    onChange(rows.map((row, position) => (position === index ? { ...row, ...part } : row)));
  return (
    <fieldset className="wide form-rows">
      <legend className="form-legend">{legend}</legend>
      {hint !== undefined && <span className="muted small">{hint}</span>}
      {rows.map((row, index) => (
        <div key={index} className="form-row with-end" role="group" aria-label={`${legend}, row ${index + 1}`}>
          <div className="form-row-fields">{children(row, (part) => change(index, part), index)}</div>
          <ExplainedButton
            icon={<CloseOutlined />}
            aria-label={`Remove row ${index + 1} of ${legend.toLowerCase()}`}
            allowed={rows.length > minimumRows}
            disabledReason={minimumRows === 1 ? 'At least one row is needed' : `At least ${minimumRows} rows are needed`}
            onClick={() => onChange(rows.filter((_, position) => position !== index))}
          />
        </div>
      ))}
      <Button style={{ justifySelf: 'start' }} icon={<PlusOutlined />} onClick={() => onChange([...rows, createRow(rows)])}>
        {addLabel}
      </Button>
    </fieldset>
  );
}
