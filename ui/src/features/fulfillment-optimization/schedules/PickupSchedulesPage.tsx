import { type Body, type ConfigurationDocument, listDocuments } from '@client/configuration';
import { listSources } from '@client/inventory';
import { ScheduleOutlined } from '@kit/icons';
import { useQuery } from '@tanstack/react-query';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentListPage } from '../documents/DocumentListPage';
import { SelectField, documentOptions, asRecords, asStrings, asText, TextField } from '@kit/forms/fields';
import { RowsField } from '@kit/forms/RowsField';
import { WeekdaysField, ZoneField } from './scheduleFields';
import { DocumentLink, SourcesUsing } from '../documents/documentLinks';
import { describeRecurrence } from './recurrence';
import { weekCalls, weekdays } from './week';
import { WeekCalendar, WeekStrip } from './WeekCalendar';

const newDocument: ConfigurationDocument = {
  kind: 'pickup_schedule',
  name: '',
  body: { title: '', carrier: '', pickups: [{ weekdays: weekdays.slice(0, 5), at: '16:00' }] },
};

/** Pickup schedules of carriers. */
export default function PickupSchedulesPage() {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  return (
    <DocumentListPage
      kind="pickup_schedule"
      title="Pickup schedules"
      noun="pickup schedule"
      description="When carriers collect parcels. Transit time starts at the next pickup."
      icon={<ScheduleOutlined />}
      emptyDescription="A source without a schedule hands over parcels whenever it is open. Add pickup times and select the schedule in a source."
      newDocument={newDocument}
      extraSearchText={(row) => asText(row.body.carrier)}
      columns={[
        { id: 'carrier', title: 'Carrier', cell: (row) => <DocumentLink page="/carriers" name={asText(row.body.carrier)} /> },
        { id: 'week', title: 'Week', cell: (row) => <PickupsCell body={row.body} /> },
        {
          id: 'zone',
          title: 'Time zone',
          cell: (row) => asText(row.body.time_zone) || <span className="muted">From source</span>,
        },
        {
          id: 'used',
          title: 'Sources',
          cell: (row) => <SourcesUsing sources={sources.data} setting="pickup_schedule" name={row.name} />,
        },
      ]}
      drawer={(document, isNew, close) => (
        <DocumentDrawer
          key={document.name}
          document={document}
          isNew={isNew}
          noun="pickup schedule"
          onClose={close}
          validate={validateSchedule}
        >
          {(body, set) => <ScheduleFields body={body} set={set} />}
        </DocumentDrawer>
      )}
    />
  );
}

function PickupsCell({ body }: { body: Body }) {
  const rule = asText(body.rule);
  const calls = weekCalls(body);
  if (calls.flat().length === 0 && rule) return <RecurrenceRule rule={rule} />;
  return (
    <span className="two-line">
      <WeekStrip calls={calls} />
      {rule && <RecurrenceRule rule={rule} />}
    </span>
  );
}

/** A recurrence rule in words, with the rule itself behind a disclosure. */
function RecurrenceRule({ rule }: { rule: string }) {
  return (
    <div className="expression">
      <span>{describeRecurrence(rule) ?? 'Custom recurrence'}</span>
      <details>
        <summary>Show rule</summary>
        <code>{rule}</code>
      </details>
    </div>
  );
}

function ScheduleFields({ body, set }: { body: Body; set: (part: Body) => void }) {
  const carriers = useQuery({ queryKey: ['configuration', 'carrier'], queryFn: () => listDocuments('carrier') });
  const pickups = asRecords(body.pickups);
  return (
    <>
      <TextField label="Title" value={body.title} onChange={(title) => set({ title })} />
      <SelectField
        label="Carrier"
        value={body.carrier ?? ''}
        options={documentOptions(carriers.data ?? [])}
        onChange={(carrier) => set({ carrier })}
      />
      <ZoneField
        value={body.time_zone ?? ''}
        empty="From source"
        hint="Time zone of the pickup times."
        onChange={(time_zone) => set({ time_zone })}
      />
      <h3 className="form-head">Pickups</h3>
      <div className="wide">
        <WeekCalendar label="Pickups" calls={weekCalls(body)} />
      </div>
      <RowsField
        legend="Pickup times"
        rows={pickups}
        addLabel="Add pickup"
        createRow={(rows) => ({ weekdays: asStrings(rows.at(-1)?.weekdays ?? weekdays.slice(0, 5)), at: '12:00' })}
        onChange={(next) => set({ pickups: next })}
      >
        {(row, change) => (
          <>
            <TextField label="Time" type="time" value={row.at} onChange={(at) => change({ at })} />
            <WeekdaysField label="Days" value={asStrings(row.weekdays)} onChange={(days) => change({ weekdays: days })} />
          </>
        )}
      </RowsField>
      <TextField
        wide
        label="Recurrence rule"
        hint="Optional RFC 5545 recurrence for other patterns, such as FREQ=MONTHLY;BYDAY=1MO;BYHOUR=10;BYMINUTE=0;BYSECOND=0"
        value={body.rule}
        onChange={(rule) => set({ rule })}
      />
    </>
  );
}

function validateSchedule(body: Body): string {
  if (asText(body.title) === '') return 'Enter a title';
  if (asText(body.carrier) === '') return 'Select a carrier';
  const pickups = asRecords(body.pickups);
  if (pickups.length === 0 && asText(body.rule) === '') return 'Add a pickup or a recurrence rule';
  if (pickups.some((pickup) => asText(pickup.at) === '' || asStrings(pickup.weekdays).length === 0))
    return 'Enter a time and days for every pickup';
  return '';
}
