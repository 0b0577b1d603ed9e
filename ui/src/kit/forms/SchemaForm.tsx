import { Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { humanize } from '../../vocabulary';
import {
  asRecords,
  asStrings,
  asText,
  CheckboxField,
  Field,
  MultiSelectField,
  NumberField,
  type Option,
  SecretField,
  SelectField,
  TextField,
} from './fields';
import { RowsField } from './RowsField';
import { fieldLabel, fieldSchema, type FieldSchema, type PropertySchema, resolveReference, schemaDefaults } from './schema';

type Values = Record<string, unknown>;

interface Props {
  schema: PropertySchema;
  value: Values;
  onChange: (part: Values) => void;
  /** Options of references, by the kind of document in `x-reference`. */
  references?: Partial<Record<string, readonly Option[]>>;
  /** Properties to leave out. */
  omit?: readonly string[];
  /** What is wrong with a property. */
  errorOf?: (name: string, label: string) => string | undefined;
  /** Whether a secret is stored, and is kept when nothing is entered. */
  isStored?: (name: string) => boolean;
}

/** Fields for the properties of a JSON schema. Values outside of the schema are not touched. */
export function SchemaForm({ schema, value, onChange, references = {}, omit = [], errorOf, isStored }: Props) {
  const definitions = schema.$defs ?? {};
  const names = Object.keys(schema.properties ?? {}).filter((name) => !omit.includes(name));
  return names.map((name) => (
    <SchemaField
      key={name}
      name={name}
      field={fieldSchema(schema.properties?.[name] ?? {}, definitions)}
      definitions={definitions}
      value={value[name]}
      references={references}
      errorOf={errorOf}
      isStored={isStored}
      onChange={(next) => onChange({ [name]: next })}
    />
  ));
}

interface SchemaFieldProps {
  name: string;
  field: FieldSchema;
  definitions: Record<string, PropertySchema>;
  value: unknown;
  references: Partial<Record<string, readonly Option[]>>;
  errorOf?: Props['errorOf'];
  isStored?: Props['isStored'];
  onChange: (value: unknown) => void;
}

const enumOptions = (values: readonly unknown[]): Option[] =>
  values.map((value) => ({ value: String(value), label: typeof value === 'string' && value.length > 3 ? humanize(value) : String(value) }));

function SchemaField({ name, field, definitions, value, references, errorOf, isStored, onChange }: SchemaFieldProps): ReactNode {
  const label = fieldLabel(name, field.title);
  const error = errorOf?.(name, label);
  const common = { label, hint: field.description, error };
  const current = value ?? field.default;
  switch (field.kind) {
    case 'boolean':
      return <CheckboxField {...common} value={current === true} onChange={onChange} />;
    case 'number':
      return <NumberSchemaField label={label} error={error} field={field} value={value} onChange={onChange} />;
    case 'select':
      return <SelectSchemaField label={label} error={error} field={field} value={current} references={references} onChange={onChange} />;
    case 'references':
      return (
        <MultiSelectField
          {...common}
          placeholder={field['x-placeholder']}
          value={current}
          options={references[field['x-reference'] ?? field.items?.['x-reference'] ?? ''] ?? enumOptions(field.items?.enum ?? [])}
          onChange={onChange}
        />
      );
    case 'tags':
      return <TagsField {...common} value={asStrings(current)} onChange={onChange} />;
    case 'rows':
      return (
        <RowsSchemaField label={label} field={field} definitions={definitions} value={value} references={references} onChange={onChange} />
      );
    case 'secret':
      return <SecretField {...common} stored={isStored?.(name) ?? false} value={asText(value)} onChange={onChange} />;
    case 'text':
    case 'date':
      return (
        <TextField
          {...common}
          type={field.kind}
          placeholder={field['x-placeholder']}
          value={current ?? ''}
          onChange={(next) => onChange(next === '' && field.nullable ? null : next)}
        />
      );
    case 'unsupported':
      return null;
  }
}

/** A number that stays empty when it is cleared, and names the default that applies then. */
function NumberSchemaField({
  label,
  error,
  field,
  value,
  onChange,
}: {
  label: string;
  error: string | undefined;
  field: FieldSchema;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const [isCleared, setCleared] = useState(false);
  const standard = typeof field.default === 'number' ? field.default : undefined;
  const shown = value === undefined ? standard : value;
  return (
    <NumberField
      label={label}
      hint={field.description}
      error={error}
      unit={field['x-unit']}
      min={field.minimum ?? field.exclusiveMinimum}
      max={field.maximum}
      placeholder={field['x-placeholder'] ?? (field.nullable || standard === undefined ? undefined : String(standard))}
      value={isCleared && shown === standard ? null : shown}
      onChange={(next) => {
        setCleared(next === null);
        onChange(next ?? (field.nullable ? null : field.default));
      }}
    />
  );
}

function SelectSchemaField({
  label,
  error,
  field,
  value,
  references,
  onChange,
}: Omit<SchemaFieldProps, 'name' | 'definitions'> & { label: string; error?: string }) {
  const reference = field['x-reference'];
  const options = reference === undefined ? enumOptions(field.enum ?? []) : [...(references[reference] ?? [])];
  return (
    <SelectField
      label={label}
      hint={field.description}
      error={error}
      value={value ?? ''}
      emptyLabel={field.nullable ? (field['x-placeholder'] ?? 'Any') : undefined}
      options={options}
      onChange={(next) => onChange(next === '' ? null : next)}
    />
  );
}

function RowsSchemaField({ label, field, definitions, value, references, onChange }: Omit<SchemaFieldProps, 'name'> & { label: string }) {
  const items = resolveReference(field.items ?? {}, definitions);
  const rowSchema = { ...items, $defs: definitions };
  return (
    <RowsField
      legend={label}
      hint={field.description}
      rows={asRecords(value)}
      minimumRows={field.minItems ?? 0}
      addLabel="Add row"
      createRow={() => schemaDefaults(rowSchema, definitions)}
      onChange={onChange}
    >
      {(row, change) => <SchemaForm schema={rowSchema} value={row} references={references} onChange={change} />}
    </RowsField>
  );
}

function TagsField({
  label,
  hint,
  error,
  value,
  onChange,
}: {
  label: string;
  hint?: ReactNode;
  error?: string;
  value: string[];
  onChange: (value: string[]) => void;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id, described) => (
        <Select {...described} id={id} mode="tags" open={false} suffix={null} value={value} onChange={(next: string[]) => onChange(next)} />
      )}
    </Field>
  );
}
