import { toOptions } from '../list';
import { Checkbox, Input, InputNumber, Select } from 'antd';
import { type ReactNode, useId } from 'react';
import './forms.css';
import { MultiSelect } from './MultiSelect';

export interface Option {
  value: string;
  label: string;
}

/** What connects a control with its problem, for screen readers. */
export interface Described {
  'aria-invalid'?: boolean;
  'aria-describedby'?: string;
}

/** A labeled control; `children` receives the id of the control, and what describes it. */
export function Field({ label, hint, error, wide, children }: CommonProps & { children: (id: string, described: Described) => ReactNode }) {
  const id = useId();
  const described: Described = error ? { 'aria-invalid': true, 'aria-describedby': `${id}-problem` } : {};
  return (
    <div className={wide ? 'form-field wide' : 'form-field'}>
      <label htmlFor={id}>{label}</label>
      {children(id, described)}
      {error ? (
        <span className="field-problem" id={`${id}-problem`}>
          {error}
        </span>
      ) : null}
      {hint !== undefined && <span className="hint">{hint}</span>}
    </div>
  );
}

interface CommonProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value, shown at the field. */
  error?: string;
  wide?: boolean;
}

export function TextField({
  value,
  onChange,
  type = 'text',
  multiline,
  disabled,
  placeholder,
  autoComplete,
  ...rest
}: CommonProps & {
  value: unknown;
  onChange: (value: string) => void;
  type?: 'text' | 'date' | 'time' | 'email' | 'password';
  multiline?: boolean;
  disabled?: boolean;
  placeholder?: string;
  autoComplete?: string;
}) {
  const text = typeof value === 'string' ? value : '';
  const status = rest.error ? 'error' : undefined;
  return (
    <Field {...rest}>
      {(id, described) =>
        multiline ? (
          <Input.TextArea {...described} id={id} rows={3} status={status} value={text} onChange={(event) => onChange(event.target.value)} />
        ) : (
          <Input
            {...described}
            id={id}
            type={type}
            status={status}
            autoComplete={autoComplete}
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
  precision,
  placeholder,
  ...rest
}: CommonProps & {
  value: unknown;
  onChange: (value: number | null) => void;
  unit?: string;
  min?: number;
  max?: number;
  step?: number;
  /** The decimals that a value may have. */
  precision?: number;
  placeholder?: string;
}) {
  return (
    <Field {...rest}>
      {(id, described) => (
        <InputNumber
          {...described}
          id={id}
          status={rest.error ? 'error' : undefined}
          min={min}
          max={max}
          step={step}
          precision={precision}
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
      {(id, described) => (
        <Select
          {...described}
          id={id}
          status={rest.error ? 'error' : undefined}
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
      {(id, described) => (
        <MultiSelect
          {...described}
          id={id}
          status={rest.error ? 'error' : undefined}
          placeholder={placeholder}
          showSearch={{ optionFilterProp: 'label' }}
          value={asStrings(value)}
          options={[...options]}
          onChange={onChange}
        />
      )}
    </Field>
  );
}

export function CheckboxField({
  label,
  hint,
  error,
  value,
  onChange,
  wide,
}: CommonProps & { value: boolean; onChange: (value: boolean) => void }) {
  return (
    <div className={wide ? 'form-field wide' : 'form-field'}>
      <Checkbox checked={value} onChange={(event) => onChange(event.target.checked)}>
        {label}
      </Checkbox>
      {error ? <span className="field-problem">{error}</span> : null}
      {hint !== undefined && <span className="hint">{hint}</span>}
    </div>
  );
}

/** A secret is never shown: one that is stored is kept until another one is entered. */
export function SecretField({
  value,
  onChange,
  stored,
  ...rest
}: CommonProps & {
  value: string;
  onChange: (value: string) => void;
  /** Whether a secret is stored that stays in use when nothing is entered. */
  stored: boolean;
}) {
  return (
    <TextField
      {...rest}
      type="password"
      autoComplete="new-password"
      placeholder={stored ? 'Saved. Leave empty to keep it.' : undefined}
      value={value}
      onChange={onChange}
    />
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
