import { type ConfigurationDocument } from '@client/configuration';
import { listSources } from '@client/inventory';
import { CalendarOutlined } from '@kit/icons';
import { useQuery } from '@tanstack/react-query';
import { CalendarFields, validateCalendar } from './CalendarFields';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentListPage } from '../documents/DocumentListPage';
import { asRecords, asText } from '@kit/forms/fields';
import { describeHolidays } from './scheduleFields';
import { SourcesUsing } from '../documents/documentLinks';
import { weekSpans } from './week';
import { WeekStrip } from './WeekCalendar';

const newDocument: ConfigurationDocument = { kind: 'calendar', name: '', body: { title: '', time_zone: 'UTC' } };

/** Working calendars of sources. */
export default function CalendarsPage() {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  return (
    <DocumentListPage
      kind="calendar"
      title="Working calendars"
      noun="calendar"
      description="Working hours of sources. Promise dates count working hours only."
      icon={<CalendarOutlined />}
      emptyDescription="A source without a calendar is always open. Create a calendar and select it in a source."
      newDocument={newDocument}
      columns={[
        { id: 'zone', title: 'Time zone', cell: (row) => asText(row.body.time_zone) || 'UTC' },
        { id: 'week', title: 'Week', cell: (row) => <WeekStrip spans={weekSpans(row.body)} /> },
        {
          id: 'holidays',
          title: 'Holidays',
          cell: (row) => describeHolidays(asRecords(row.body.holidays)) || <span className="muted">None</span>,
        },
        { id: 'closed', title: 'Next closure', cell: (row) => <NextClosure rows={asRecords(row.body.closures)} /> },
        {
          id: 'used',
          title: 'Sources',
          cell: (row) => <SourcesUsing sources={sources.data} setting="calendar" name={row.name} />,
        },
      ]}
      drawer={(document, isNew, close) => (
        <DocumentDrawer key={document.name} document={document} isNew={isNew} noun="calendar" onClose={close} validate={validateCalendar}>
          {(body, set) => <CalendarFields body={body} set={set} />}
        </DocumentDrawer>
      )}
    />
  );
}

function NextClosure({ rows }: { rows: Record<string, unknown>[] }) {
  const now = new Date().toISOString().slice(0, 10);
  const next = rows.filter((row) => asText(row.to) >= now).sort((a, b) => asText(a.from).localeCompare(asText(b.from)))[0];
  if (!next) return <span className="muted">None</span>;
  const days = next.from === next.to ? asText(next.from) : `${asText(next.from)} to ${asText(next.to)}`;
  return (
    <span className="two-line">
      <span className="figure">{days}</span>
      <span className="muted">{asText(next.reason)}</span>
    </span>
  );
}
