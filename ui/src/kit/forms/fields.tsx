import { toOptions } from '../list';
import { Checkbox, Input, InputNumber, Select } from 'antd';
import { type ReactNode, useId } from 'react';
import './forms.css';

export interface Option {
  value: string;
  label: string;
}

/** A labeled control; `children` receives the id of the control. */
export function Field({
  label,
  hint,
  wide,
  children,
}: {
  label: string;
  hint?: ReactNode;
  wide?: boolean;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className={wide ? 'form-field wide' : 'form-field'}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {hint !== undefined && <span className="hint">{hint}</span>}
    </div>
  );
}

interface CommonProps {
  label: string;
  hint?: ReactNode;
  wide?: boolean;
}

export function TextField({
  value,
  onChange,
  type = 'text',
  multiline,
  disabled,
  placeholder,
  ...rest
}: CommonProps & {
  value: unknown;
  onChange: (value: string) => void;
  type?: 'text' | 'date' | 'time';
  multiline?: boolean;
  disabled?: boolean;
  placeholder?: string;
}) {
  const text = typeof value === 'string' ? value : '';
  return (
    <Field {...rest}>
      {(id) =>
        multiline ? (
          <Input.TextArea id={id} rows={3} value={text} onChange={(event) => onChange(event.target.value)} />
        ) : (
          <Input
            id={id}
            type={type}
            disabled={disabled}
            placeholder={placeholder}
            value={text}
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Field>
  );
}

/** A number field; null when empty. */
export function NumberField({
  value,
  onChange,
  unit,
  min = 0,
  max,
  step,
  placeholder,
  ...rest
}: CommonProps & {
  value: unknown;
  onChange: (value: number | null) => void;
  unit?: string;
  min?: number;
  max?: number;
  step?: number;
  placeholder?: string;
}) {
  return (
    <Field {...rest}>
      {(id) => (
        <InputNumber
          id={id}
          min={min}
          max={max}
          step={step}
          suffix={unit}
          placeholder={placeholder}
          value={typeof value === 'number' ? value : null}
          onChange={onChange}
        />
      )}
    </Field>
  );
}

export function SelectField({
  value,
  onChange,
  options,
  emptyLabel,
  ...rest
}: CommonProps & {
  value: unknown;
  onChange: (value: string) => void;
  options: readonly Option[];
  /** Label of the empty choice; absent when a choice is required. */
  emptyLabel?: string;
}) {
  return (
    <Field {...rest}>
      {(id) => (
        <Select
          id={id}
          showSearch={{ optionFilterProp: 'label' }}
          value={typeof value === 'string' ? value : ''}
          options={emptyLabel === undefined ? [...options] : [{ value: '', label: emptyLabel }, ...options]}
          onChange={(next: string) => onChange(next)}
        />
      )}
    </Field>
  );
}

export function MultiSelectField({
  value,
  onChange,
  options,
  placeholder,
  ...rest
}: CommonProps & { value: unknown; onChange: (value: string[]) => void; options: readonly Option[]; placeholder?: string }) {
  return (
    <Field {...rest}>
      {(id) => (
        <Select
          id={id}
          mode="multiple"
          placeholder={placeholder}
          showSearch={{ optionFilterProp: 'label' }}
          value={asStrings(value)}
          options={[...options]}
          onChange={(next: string[]) => onChange(next)}
        />
      )}
    </Field>
  );
}

export function CheckboxField({
  label,
  hint,
  value,
  onChange,
  wide,
}: {
  label: string;
  hint?: ReactNode;
  value: boolean;
  onChange: (value: boolean) => void;
  wide?: boolean;
}) {
  return (
    <div className={wide ? 'form-field wide' : 'form-field'}>
      <Checkbox checked={value} onChange={(event) => onChange(event.target.checked)}>
        {label}
      </Checkbox>
      {hint !== undefined && <span className="hint">{hint}</span>}
    </div>
  );
}

export const asStrings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
export const asRecords = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null) : [];
export const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
export const asText = (value: unknown): string => (typeof value === 'string' ? value : '');
export const asNumber = (value: unknown, otherwise = 0): number => (typeof value === 'number' ? value : otherwise);
/** Select options for documents and sources, by name and title. */
export const documentOptions = (items: readonly { name: string; title?: string; body?: Record<string, unknown> }[]): Option[] =>
  items.map((item) => {
    const title = item.title ?? asText(item.body?.title);
    return { value: item.name, label: title && title !== item.name ? `${item.name} — ${title}` : item.name };
  });
export const selectOptions = toOptions;
