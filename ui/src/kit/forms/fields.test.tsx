import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test, vi } from 'vitest';
import {
  asNumber,
  asRecord,
  asRecords,
  asStrings,
  asText,
  CheckboxField,
  documentOptions,
  NumberField,
  SelectField,
  TextField,
} from './fields';

describe('reading values of a document', () => {
  test('strings are the strings of an array', () => {
    expect(asStrings(['a', 1, null, 'b'])).toEqual(['a', 'b']);
    expect(asStrings('a')).toEqual([]);
  });

  test('records are the objects of an array', () => {
    expect(asRecords([{ a: 1 }, 'text', null])).toEqual([{ a: 1 }]);
    expect(asRecords(undefined)).toEqual([]);
  });

  test('a record is an object that is not an array', () => {
    expect(asRecord({ a: 1 })).toEqual({ a: 1 });
    expect(asRecord([1])).toEqual({});
    expect(asRecord(null)).toEqual({});
  });

  test('text and numbers have defaults', () => {
    expect(asText('a')).toBe('a');
    expect(asText(1)).toBe('');
    expect(asNumber(2)).toBe(2);
    expect(asNumber('2', 5)).toBe(5);
    expect(asNumber(undefined)).toBe(0);
  });
});

test('options of documents have name and title', () => {
  const documents = [
    { name: 'SEA', title: 'Seattle' },
    { name: 'west', body: { title: 'West coast' } },
    { name: 'plain', title: 'plain' },
  ];
  expect(documentOptions(documents)).toEqual([
    { value: 'SEA', label: 'SEA — Seattle' },
    { value: 'west', label: 'west — West coast' },
    { value: 'plain', label: 'plain' },
  ]);
});

test('a text field may have several lines', async () => {
  const onChange = vi.fn();
  render(<TextField multiline label="Description" value="a" onChange={onChange} />);
  const field = screen.getByLabelText('Description');
  expect(field.tagName).toBe('TEXTAREA');
  await userEvent.type(field, 'b');
  expect(onChange).toHaveBeenLastCalledWith('ab');
});

test('a number field is empty for values that are not numbers', () => {
  render(<NumberField label="Units" value="text" onChange={vi.fn()} />);
  expect(screen.getByLabelText('Units')).toHaveValue('');
});

test('a select with an empty label offers no choice', async () => {
  const onChange = vi.fn();
  render(<SelectField label="Carrier" emptyLabel="None" value="ups" options={[{ value: 'ups', label: 'UPS' }]} onChange={onChange} />);
  await userEvent.click(screen.getByLabelText('Carrier'));
  await userEvent.click(await screen.findByText('None'));
  expect(onChange).toHaveBeenCalledWith('');
});

test('a checkbox has its hint', async () => {
  const onChange = vi.fn();
  render(<CheckboxField label="Enabled" hint="Used for new orders" value={false} onChange={onChange} />);
  expect(screen.getByText('Used for new orders')).toBeVisible();
  await userEvent.click(screen.getByRole('checkbox', { name: 'Enabled' }));
  expect(onChange).toHaveBeenCalledWith(true);
});
