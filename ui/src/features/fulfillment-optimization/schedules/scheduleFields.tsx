import type { Body } from '@client/configuration';
import type { ReactNode } from 'react';
import { SelectField, selectOptions, asStrings, asText, TextField } from '@kit/forms/fields';
import { RowsField } from '@kit/forms/RowsField';
import { shortDayName, dayName, timeZones, type Weekday, weekdays } from './week';

/** Toggle buttons for the days of the week. */
export function WeekdaysField({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint?: ReactNode;
  value: readonly string[];
  onChange: (days: Weekday[]) => void;
}) {
  const toggle = (day: Weekday): void =>
    onChange(weekdays.filter((weekday) => (weekday === day ? !value.includes(weekday) : value.includes(weekday))));
  return (
    <div className="form-field" role="group" aria-label={label}>
      <span className="form-legend">{label}</span>
      <span className="day-buttons">
        {weekdays.map((day) => (
          <button key={day} type="button" aria-label={dayName(day)} aria-pressed={value.includes(day)} onClick={() => toggle(day)}>
            {shortDayName(day).slice(0, 2)}
          </button>
        ))}
      </span>
      {hint !== undefined && <span className="hint">{hint}</span>}
    </div>
  );
}

export function ZoneField({
  value,
  empty,
  hint,
  onChange,
}: {
  value: unknown;
  empty?: string;
  hint?: ReactNode;
  onChange: (zone: string) => void;
}) {
  const zones = typeof value === 'string' && value !== '' && !timeZones.includes(value) ? [value, ...timeZones] : timeZones;
  return <SelectField label="Time zone" hint={hint} emptyLabel={empty} value={value} options={selectOptions(zones)} onChange={onChange} />;
}

/** Countries whose public holidays apply. */
export function HolidaysField({ rows, onChange }: { rows: Body[]; onChange: (rows: Body[]) => void }) {
  return (
    <RowsField legend="Public holidays" rows={rows} createRow={() => ({ country: 'US' })} addLabel="Add country" onChange={onChange}>
      {(row, change) => (
        <>
          <TextField
            label="Country"
            placeholder="US"
            value={row.country}
            onChange={(country) => change({ country: country.toUpperCase().slice(0, 2) })}
          />
          <TextField
            label="State or province"
            placeholder="All"
            value={row.subdivision}
            onChange={(subdivision) => change({ subdivision: subdivision.toUpperCase() })}
          />
        </>
      )}
    </RowsField>
  );
}

/** The weekdays of a document; Monday to Friday by default. */
export const weekdaysOrDefault = (value: unknown): string[] => (value === undefined ? weekdays.slice(0, 5) : asStrings(value));

/** Public holiday rules as text. */
export const describeHolidays = (rows: Body[]): string =>
  rows.map((row) => asText(row.country) + (asText(row.subdivision) ? `-${asText(row.subdivision)}` : '')).join(', ');
