/** The part of JSON schema that a form understands. */
export interface PropertySchema {
  title?: string;
  description?: string;
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  format?: string;
  /** A secret: it can be entered, and is never returned. */
  writeOnly?: boolean;
  default?: unknown;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minItems?: number;
  items?: PropertySchema;
  properties?: Record<string, PropertySchema>;
  required?: readonly string[];
  anyOf?: readonly PropertySchema[];
  oneOf?: readonly PropertySchema[];
  $ref?: string;
  $defs?: Record<string, PropertySchema>;
  /** Kind of document the value refers to, such as `source`. */
  'x-reference'?: string;
  'x-unit'?: string;
  'x-placeholder'?: string;
}

export type FieldKind = 'text' | 'secret' | 'number' | 'boolean' | 'select' | 'date' | 'references' | 'tags' | 'rows' | 'unsupported';

export interface FieldSchema extends PropertySchema {
  kind: FieldKind;
  nullable: boolean;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Resolve `#/$defs/Name` references. */
function resolve(schema: PropertySchema, definitions: Record<string, PropertySchema>): PropertySchema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  return { ...definitions[name], ...schema, $ref: undefined };
}

const isNull = (schema: PropertySchema): boolean => schema.type === 'null';

function kindOf(schema: PropertySchema, definitions: Record<string, PropertySchema>): FieldKind {
  const type = typeof schema.type === 'object' ? schema.type.find((item) => item !== 'null') : schema.type;
  if (schema.enum !== undefined || schema['x-reference'] !== undefined) return type === 'array' ? 'references' : 'select';
  if (type === 'boolean') return 'boolean';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'string' && (schema.writeOnly === true || schema.format === 'password')) return 'secret';
  if (type === 'string') return schema.format === 'date' ? 'date' : 'text';
  if (type !== 'array' || schema.items === undefined) return 'unsupported';
  const items = resolve(schema.items, definitions);
  if (items.properties !== undefined) return 'rows';
  return items['x-reference'] === undefined ? 'tags' : 'references';
}

/** Classify a property: resolve references, and unwrap `anyOf` with null. */
export function fieldSchema(property: PropertySchema, definitions: Record<string, PropertySchema> = {}): FieldSchema {
  const resolved = resolve(property, definitions);
  const choices = resolved.anyOf ?? resolved.oneOf;
  if (choices === undefined) {
    const nullable = Array.isArray(resolved.type) && resolved.type.includes('null');
    return { ...resolved, kind: kindOf(resolved, definitions), nullable };
  }
  const options = choices.filter((choice) => !isNull(choice));
  const nullable = options.length < choices.length;
  const [only] = options;
  if (options.length === 1 && only !== undefined) {
    const merged = { ...resolve(only, definitions), ...resolved, anyOf: undefined, oneOf: undefined };
    return { ...merged, kind: kindOf(merged, definitions), nullable };
  }
  const constants = options.map((choice) => choice.const);
  if (constants.every((constant) => constant !== undefined)) return { ...resolved, enum: constants, kind: 'select', nullable };
  return { ...resolved, kind: 'unsupported', nullable };
}

/** The default values of a schema's properties, for a new document or row. */
export function schemaDefaults(schema: PropertySchema, definitions = schema.$defs ?? {}): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const field = fieldSchema(property, definitions);
    if (field.default !== undefined && field.default !== null) values[name] = field.default;
    else if (field.kind === 'rows' && (field.minItems ?? 0) > 0 && field.items !== undefined)
      values[name] = [schemaDefaults(resolve(field.items, definitions), definitions)];
  }
  return values;
}

/** Read a JSON schema of an object, as delivered by the server. */
export function asObjectSchema(value: unknown): PropertySchema {
  if (!isRecord(value)) return { properties: {} };
  return isRecord(value.properties) ? value : { properties: value as Record<string, PropertySchema> };
}

export { resolve as resolveReference };

const abbreviations: Partial<Record<string, string>> = { api: 'API', id: 'ID', ids: 'IDs', sku: 'SKU', url: 'URL', urls: 'URLs' };
const capitalize = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The label of a field: its title, or its name as words. A title that was made of the name, such as "Api Url", says no more. */
export function fieldLabel(name: string, title: string | undefined): string {
  const words = name.split('_');
  if (title !== undefined && title !== words.map(capitalize).join(' ')) return title;
  return words.map((word, index) => abbreviations[word] ?? (index === 0 ? capitalize(word) : word)).join(' ');
}
