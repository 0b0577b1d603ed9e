import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, test, vi } from 'vitest';
import { chooseOption } from '@tests/harness';
import type { PropertySchema } from './schema';
import { SchemaForm } from './SchemaForm';

const references = { source: [{ value: 'SEA', label: 'SEA — Seattle' }], source_list: [{ value: 'west', label: 'west — West coast' }] };

/** Render a form for `properties`. Returns a function that reads the current value. */
function renderForm(properties: Record<string, PropertySchema>, initial: Record<string, unknown> = {}, omit: string[] = []) {
  const onChange = vi.fn<(value: Record<string, unknown>) => void>();
  function Form() {
    const [value, setValue] = useState(initial);
    const change = (part: Record<string, unknown>): void => {
      const next = { ...value, ...part };
      setValue(next);
      onChange(next);
    };
    return <SchemaForm schema={{ properties }} value={value} references={references} omit={omit} onChange={change} />;
  }
  render(<Form />);
  return () => onChange.mock.lastCall?.[0];
}

describe('fields by type', () => {
  test('a string is a text field with its title, description and placeholder', async () => {
    const value = renderForm({ note: { type: 'string', title: 'Note', description: 'Shown to customers', 'x-placeholder': 'None' } });
    expect(screen.getByText('Shown to customers')).toBeVisible();
    expect(screen.getByPlaceholderText('None')).toBeVisible();
    await userEvent.type(screen.getByLabelText('Note'), 'Fragile');
    expect(value()).toEqual({ note: 'Fragile' });
  });

  test('a property without a title has its humanized name', () => {
    renderForm({ daily_lines: { type: 'integer' } });
    expect(screen.getByLabelText('Daily lines')).toBeVisible();
  });

  test('an empty nullable string is null', async () => {
    const value = renderForm({ product: { type: ['string', 'null'], title: 'Product' } }, { product: 'LAMP' });
    await userEvent.clear(screen.getByLabelText('Product'));
    expect(value()).toEqual({ product: null });
  });

  test('a number field has the default, unit and limits', async () => {
    const value = renderForm({ maximum: { type: 'integer', title: 'Maximum', minimum: 1, default: 1, 'x-unit': 'sources' } });
    const field = screen.getByLabelText('Maximum');
    expect(field).toHaveValue('1');
    expect(screen.getByText('sources')).toBeVisible();
    await userEvent.clear(field);
    await userEvent.type(field, '3');
    expect(value()).toEqual({ maximum: 3 });
  });

  test('a cleared number is null when nullable and its default otherwise', async () => {
    const value = renderForm(
      { limit: { type: ['number', 'null'], title: 'Limit' }, rank: { type: 'integer', title: 'Rank', default: 1 } },
      { limit: 5, rank: 2 },
    );
    await userEvent.clear(screen.getByLabelText('Limit'));
    expect(value()).toMatchObject({ limit: null });
    await userEvent.clear(screen.getByLabelText('Rank'));
    expect(value()).toMatchObject({ rank: 1 });
  });

  test('a boolean is a checkbox with its default', async () => {
    const value = renderForm({ partial: { type: 'boolean', title: 'Allow partial orders', default: true } });
    const checkbox = screen.getByRole('checkbox', { name: 'Allow partial orders' });
    expect(checkbox).toBeChecked();
    await userEvent.click(checkbox);
    expect(value()).toEqual({ partial: false });
  });

  test('a date is a date field', () => {
    renderForm({ from: { type: 'string', format: 'date', title: 'From' } }, { from: '2026-11-20' });
    expect(screen.getByLabelText('From')).toHaveAttribute('type', 'date');
    expect(screen.getByLabelText('From')).toHaveValue('2026-11-20');
  });

  test('an enumeration is a select', async () => {
    const value = renderForm({ unit: { enum: ['km', 'mi'], title: 'Unit', default: 'km' } });
    await chooseOption('Unit', 'mi');
    expect(value()).toEqual({ unit: 'mi' });
  });

  test('a reference offers the documents of its kind', async () => {
    const value = renderForm({
      source: { type: ['string', 'null'], title: 'Source', 'x-reference': 'source', 'x-placeholder': 'All sources' },
    });
    expect(screen.getByText('All sources')).toBeVisible();
    await chooseOption('Source', 'SEA — Seattle');
    expect(value()).toEqual({ source: 'SEA' });
  });

  test('an array of references is a multiple select', async () => {
    const value = renderForm({ lists: { type: 'array', title: 'Lists', items: { type: 'string', 'x-reference': 'source_list' } } });
    await chooseOption('Lists', 'west — West coast');
    expect(value()).toEqual({ lists: ['west'] });
  });

  test('a multiple select stays open for further choices, and Tab leaves it without choosing', async () => {
    const value = renderForm({ lists: { type: 'array', title: 'Lists', items: { type: 'string', 'x-reference': 'source_list' } } });
    await chooseOption('Lists', 'west — West coast');
    expect(screen.getByLabelText('Lists')).toHaveAttribute('aria-expanded', 'true');
    await userEvent.keyboard('{Tab}');
    expect(value()).toEqual({ lists: ['west'] });
    expect(screen.getByLabelText('Lists')).toHaveAttribute('aria-expanded', 'false');
    expect(screen.getByLabelText('Lists')).not.toHaveFocus();
  });

  test('an array of strings is a tag field', async () => {
    const value = renderForm({ products: { type: 'array', title: 'Products', items: { type: 'string' } } });
    await userEvent.type(screen.getByLabelText('Products'), 'LAMP{Enter}');
    expect(value()).toEqual({ products: ['LAMP'] });
  });

  test('unsupported properties are not shown', () => {
    renderForm({ nested: { type: 'object', title: 'Nested' }, note: { type: 'string', title: 'Note' } });
    expect(screen.queryByText('Nested')).toBeNull();
    expect(screen.getByLabelText('Note')).toBeVisible();
  });

  test('omitted properties are not shown', () => {
    renderForm({ type: { type: 'string', title: 'Type' }, note: { type: 'string', title: 'Note' } }, {}, ['type']);
    expect(screen.queryByLabelText('Type')).toBeNull();
  });
});

describe('rows', () => {
  const entries: PropertySchema = {
    title: 'Applies to',
    type: 'array',
    minItems: 1,
    items: {
      properties: { lines: { title: 'Lines', type: 'integer', default: 100 }, product: { title: 'Product', type: ['string', 'null'] } },
    },
  };

  test('rows are added with defaults and changed one by one', async () => {
    const value = renderForm({ entries }, { entries: [{ lines: 40 }] });
    await userEvent.click(screen.getByRole('button', { name: 'Add row' }));
    expect(value()).toEqual({ entries: [{ lines: 40 }, { lines: 100 }] });
    const second = screen.getByRole('group', { name: 'Applies to, row 2' });
    await userEvent.type(within(second).getByLabelText('Product'), 'LAMP');
    expect(value()).toEqual({ entries: [{ lines: 40 }, { lines: 100, product: 'LAMP' }] });
  });

  test('rows are removed down to the minimum', async () => {
    const value = renderForm({ entries }, { entries: [{ lines: 40 }, { lines: 50 }] });
    await userEvent.click(screen.getByRole('button', { name: 'Remove row 1 of applies to' }));
    expect(value()).toEqual({ entries: [{ lines: 50 }] });
    expect(screen.getByRole('button', { name: 'Remove row 1 of applies to' })).toHaveAttribute('aria-disabled', 'true');
  });
});

test('values outside of the schema are kept', async () => {
  const value = renderForm({ note: { type: 'string', title: 'Note' } }, { note: '', zone_overrides: [1] });
  await userEvent.type(screen.getByLabelText('Note'), 'x');
  expect(value()).toEqual({ note: 'x', zone_overrides: [1] });
});
