import { describe, expect, test } from 'vitest';
import { asObjectSchema, fieldLabel, fieldSchema, type PropertySchema, schemaDefaults } from './schema';

describe('fieldSchema', () => {
  test.each<[PropertySchema, string, boolean]>([
    [{ type: 'string' }, 'text', false],
    [{ type: 'string', format: 'date' }, 'date', false],
    [{ type: 'integer' }, 'number', false],
    [{ type: 'number' }, 'number', false],
    [{ type: 'boolean' }, 'boolean', false],
    [{ type: ['number', 'null'] }, 'number', true],
    [{ enum: ['km', 'mi'] }, 'select', false],
    [{ type: 'string', 'x-reference': 'source' }, 'select', false],
    [{ type: 'array', items: { type: 'string' } }, 'tags', false],
    [{ type: 'array', items: { type: 'string', 'x-reference': 'source' } }, 'references', false],
    [{ type: 'array', 'x-reference': 'source', items: { type: 'string' } }, 'references', false],
    [{ type: 'array', items: { properties: { lines: { type: 'integer' } } } }, 'rows', false],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'text', true],
    [{ oneOf: [{ const: 'km' }, { const: 'mi' }] }, 'select', false],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 'unsupported', false],
    [{ type: 'object' }, 'unsupported', false],
    [{}, 'unsupported', false],
  ])('%j is a %s field', (property, kind, nullable) => {
    expect(fieldSchema(property)).toMatchObject({ kind, nullable });
  });

  test('references to definitions are resolved', () => {
    const definitions = { Unit: { enum: ['km', 'mi'], title: 'Unit of distance' } };
    expect(fieldSchema({ $ref: '#/$defs/Unit' }, definitions)).toMatchObject({ kind: 'select', title: 'Unit of distance' });
  });

  test('the title of a property wins over that of its definition', () => {
    const definitions = { Unit: { enum: ['km', 'mi'], title: 'Unit of distance' } };
    const field = fieldSchema({ anyOf: [{ $ref: '#/$defs/Unit' }, { type: 'null' }], title: 'Unit' }, definitions);
    expect(field).toMatchObject({ kind: 'select', title: 'Unit', nullable: true });
  });
});

describe('schemaDefaults', () => {
  test('contains the default of every property', () => {
    const schema = {
      properties: { maximum: { type: 'integer', default: 1 }, note: { type: 'string' }, hard: { default: true, type: 'boolean' } },
    };
    expect(schemaDefaults(schema)).toEqual({ maximum: 1, hard: true });
  });

  test('null defaults are omitted', () => {
    expect(schemaDefaults({ properties: { limit: { type: ['integer', 'null'], default: null } } })).toEqual({});
  });

  test('required rows start with one row of defaults', () => {
    const items = { properties: { distance: { type: 'number', default: 500 }, unit: { enum: ['km'], default: 'km' } } };
    expect(schemaDefaults({ properties: { entries: { type: 'array', minItems: 1, items } } })).toEqual({
      entries: [{ distance: 500, unit: 'km' }],
    });
    expect(schemaDefaults({ properties: { entries: { type: 'array', items } } })).toEqual({});
  });

  test('rows may be defined by reference', () => {
    const schema: PropertySchema = {
      $defs: { Entry: { properties: { lines: { type: 'integer', default: 100 } } } },
      properties: { entries: { type: 'array', minItems: 1, items: { $ref: '#/$defs/Entry' } } },
    };
    expect(schemaDefaults(schema)).toEqual({ entries: [{ lines: 100 }] });
  });
});

test.each([
  [{ properties: { a: { type: 'string' } } }, { properties: { a: { type: 'string' } } }],
  [{ a: { type: 'string' } }, { properties: { a: { type: 'string' } } }],
  [null, { properties: {} }],
  ['text', { properties: {} }],
])('%j is read as an object schema', (value, schema) => {
  expect(asObjectSchema(value)).toEqual(schema);
});

test.each([
  ['api_url', 'Api Url', 'API URL'],
  ['store_hash', 'Store Hash', 'Store hash'],
  ['sku', undefined, 'SKU'],
  ['take_in', 'Orders to fulfill', 'Orders to fulfill'],
])('the field %s with the title %s is labeled %s', (name, title, label) => {
  expect(fieldLabel(name, title)).toBe(label);
});
