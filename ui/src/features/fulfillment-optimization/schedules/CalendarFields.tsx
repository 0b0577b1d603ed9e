import type { Body } from '@client/configuration';
import { CloseOutlined, CopyOutlined, PlusOutlined } from '@kit/icons';
import { Button, Input } from 'antd';
import { asRecords, asText, TextField } from '@kit/forms/fields';
import { RowsField } from '@kit/forms/RowsField';
import { HolidaysField, ZoneField } from './scheduleFields';
import { dayName, hoursOf, validateHours, rowsOf, type Weekday, weekdays, weekHours, weekSpans } from './week';
import { WeekCalendar } from './WeekCalendar';

/** Time inputs have no 24:00: the end of the day is shown as 00:00. */
const toInputTime = (time: unknown): string => (time === '24:00' ? '00:00' : asText(time));
const fromInputTime = (time: string): string => (time === '00:00' ? '24:00' : time);

/** Form of a calendar: weekly hours, holidays, closures and special opening hours. */
export function CalendarFields({ body, set }: { body: Body; set: (part: Body) => void }) {
  const hours = hoursOf(body);
  const setDay = (day: Weekday, rows: Body[]): void => set({ hours: withDays(hours, { [day]: rows }) });
  const spans = weekSpans(body);
  const total = weekHours(spans);
  return (
    <>
      <TextField label="Title" value={body.title} onChange={(title) => set({ title })} />
      <ZoneField value={body.time_zone ?? 'UTC'} hint="Hours and days use this time zone." onChange={(time_zone) => set({ time_zone })} />
      <h3 className="form-head">
        Working week <span className="muted">{Number.isInteger(total) ? total : total.toFixed(1)} hours</span>
      </h3>
      <div className="wide">
        <WeekCalendar label="Working week" spans={spans} />
      </div>
      <div className="wide day-rows">
        {weekdays.map((day) => (
          <DayHours
            key={day}
            day={day}
            rows={rowsOf(hours, day)}
            onChange={(rows) => setDay(day, rows)}
            onCopy={() => {
              const dayRows = rowsOf(hours, day);
              set({ hours: withDays(hours, Object.fromEntries(weekdays.slice(0, 5).map((weekday) => [weekday, dayRows]))) });
            }}
          />
        ))}
      </div>
      <h3 className="form-head">Exceptions</h3>
      <HolidaysField rows={asRecords(body.holidays)} onChange={(holidays) => set({ holidays })} />
      <RowsField
        legend="Closed"
        hint="Inclusive dates, such as stock counts or company holidays."
        rows={asRecords(body.closures)}
        createRow={() => ({ from: today(), to: today(), reason: '' })}
        addLabel="Add closed days"
        onChange={(closures) => set({ closures })}
      >
        {(row, change) => (
          <>
            <TextField
              label="From"
              type="date"
              value={row.from}
              onChange={(from) => change({ from, ...(asText(row.to) < from ? { to: from } : {}) })}
            />
            <TextField label="To" type="date" value={row.to} onChange={(to) => change({ to })} />
            <TextField label="Reason" value={row.reason} onChange={(reason) => change({ reason })} />
          </>
        )}
      </RowsField>
      <RowsField
        legend="Special opening hours"
        hint="Replaces the regular hours, including on holidays and closed days."
        rows={asRecords(body.openings)}
        createRow={() => ({ date: today(), hours: [{ opens: '08:00', closes: '12:00' }] })}
        addLabel="Add day"
        onChange={(openings) => set({ openings })}
      >
        {(row, change) => {
          const first = asRecords(row.hours)[0] ?? {};
          const changeFirst = (part: Body): void => change({ hours: [{ ...first, ...part }, ...asRecords(row.hours).slice(1)] });
          return (
            <>
              <TextField label="Day" type="date" value={row.date} onChange={(date) => change({ date })} />
              <TextField label="Opens" type="time" value={first.opens} onChange={(opens) => changeFirst({ opens })} />
              <TextField
                label="Closes"
                type="time"
                value={toInputTime(first.closes)}
                onChange={(closes) => changeFirst({ closes: fromInputTime(closes) })}
              />
            </>
          );
        }}
      </RowsField>
    </>
  );
}

const today = (): string => new Date().toISOString().slice(0, 10);

/** Hours by weekday; closed days are omitted. */
const withDays = (hours: Record<string, unknown>, part: Record<string, Body[]>): Body =>
  Object.fromEntries(weekdays.map((day) => [day, part[day] ?? rowsOf(hours, day)] as const).filter(([, rows]) => rows.length > 0));

function DayHours({ day, rows, onChange, onCopy }: { day: Weekday; rows: Body[]; onChange: (rows: Body[]) => void; onCopy: () => void }) {
  const name = dayName(day);
  const problem = validateHours(rows);
  const change = (index: number, part: Body): void => onChange(rows.map((item, at) => (at === index ? { ...item, ...part } : item)));
  const last = rows.at(-1);
  return (
    <div className="day-row" role="group" aria-label={name}>
      <span className="strong">{name}</span>
      <span className="day-spans">
        {rows.length === 0 && <span className="muted">Closed</span>}
        {rows.map((row, index) => (
          <span key={index} className="day-span">
            <Input
              type="time"
              aria-label={`${name} opens`}
              value={asText(row.opens)}
              onChange={(event) => change(index, { opens: event.target.value })}
            />
            –
            <Input
              type="time"
              aria-label={`${name} closes`}
              value={toInputTime(row.closes)}
              onChange={(event) => change(index, { closes: fromInputTime(event.target.value) })}
            />
            <Button
              size="small"
              type="text"
              icon={<CloseOutlined />}
              aria-label={`Remove these hours of ${name}`}
              onClick={() => onChange(rows.filter((_, at) => at !== index))}
            />
          </span>
        ))}
        {problem && (
          <span className="field-problem" role="alert">
            {problem}
          </span>
        )}
      </span>
      <span className="day-acts">
        <Button
          size="small"
          icon={<PlusOutlined />}
          aria-label={`Add hours to ${name}`}
          onClick={() => onChange([...rows, last ? { opens: asText(last.closes), closes: '24:00' } : { opens: '08:00', closes: '17:00' }])}
        />
        {rows.length > 0 && (
          <Button size="small" icon={<CopyOutlined />} title={`Copy ${name}’s hours to Monday to Friday`} onClick={onCopy}>
            Mon–Fri
          </Button>
        )}
      </span>
    </div>
  );
}

/** Return a validation message, or an empty string. */
export function validateCalendar(body: Body): string {
  if (asText(body.title) === '') return 'Enter a title';
  for (const day of weekdays) {
    const problem = validateHours(rowsOf(hoursOf(body), day));
    if (problem) return `${dayName(day)}: ${problem}`;
  }
  const invalidClosure = asRecords(body.closures).find(
    (closure) => asText(closure.from) === '' || asText(closure.to) < asText(closure.from),
  );
  return invalidClosure ? 'A closure ends before it begins' : '';
}
