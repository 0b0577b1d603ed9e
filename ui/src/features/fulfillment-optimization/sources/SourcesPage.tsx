import { EnvironmentOutlined, PlusOutlined } from '@kit/icons';
import { applyDocuments, listDocuments } from '@client/configuration';
import { listSources, type Source } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { Page } from '@kit/layout';
import { BulkBar, choices, ExportButton, FilterBar, type ListColumn, ListView, useColumns, useUrlFilters, type Verb } from '@kit/list';
import { MapView, pinOf } from '@kit/MapView';
import { StateTag } from '@kit/states';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { needsWrite, useRefreshDocuments } from '../documents/DocumentDrawer';
import { asText } from '@kit/forms/fields';
import { usePermission } from '@kit/usePermission';
import { Meter } from './CapacityMeter';
import { capabilitiesOf, SourceDrawer } from './SourceDrawer';
import { DocumentLink } from '../documents/documentLinks';
import { asPagedList } from '@kit/list/asPagedList';
import { typeWords } from '../labels';
import '../optimization.css';

const SHOWN = 200;
const LABELED = 60;
const placeOf = (row: Source): string => [row.city, row.state, row.country].filter(Boolean).join(', ');
const filters = [
  { key: 'type', label: 'Type', kind: 'choice', options: choices(Object.keys(typeWords), (item) => typeWords[item] ?? item) },
  {
    key: 'state',
    label: 'State',
    kind: 'choice',
    options: choices(['active', 'inactive'], (item) => (item === 'active' ? 'Active' : 'Inactive')),
  },
] as const;

const setActive = async (names: string[], active: boolean) => {
  const wanted = new Set(names);
  const documents = (await listDocuments('source')).filter((item) => wanted.has(item.name));
  const changes = await applyDocuments(documents.map((document) => ({ ...document, body: { ...document.body, active } })));
  const done = new Map(changes.map((change) => [change.name, change.change]));
  return names.map((id) => ({
    id,
    ok: done.has(id),
    reason: !done.has(id) ? 'It has no document' : done.get(id) === 'unchanged' ? 'was so already' : '',
  }));
};

const verbs: readonly Verb[] = [
  {
    name: 'activate',
    label: 'Activate',
    description: 'Orders sourced from now on may ship from there.',
    run: (names) => setActive(names, true),
  },
  {
    name: 'deactivate',
    label: 'Deactivate',
    danger: true,
    description: 'No more orders are sourced from there. What is already sourced stays as it is.',
    run: (names) => setActive(names, false),
  },
];

function columnsOf(open: (name: string) => void): readonly ListColumn<Source>[] {
  return [
    {
      id: 'name',
      title: 'Source',
      alwaysShown: true,
      exportValue: (row) => row.name,
      cell: (row) => (
        <span className="two-line">
          <button type="button" className="link-button strong" style={{ justifySelf: 'start' }} onClick={() => open(row.name)}>
            {row.name}
          </button>
          <span className="muted">{row.title}</span>
        </span>
      ),
    },
    { id: 'type', title: 'Type', exportValue: (row) => row.type, cell: (row) => typeWords[row.type] ?? row.type },
    { id: 'place', title: 'Place', exportValue: placeOf, cell: placeOf },
    {
      id: 'state',
      title: 'State',
      alwaysShown: true,
      exportValue: (row) => (row.active ? 'active' : 'inactive'),
      cell: (row) => <StateTag state={row.active ? 'active' : 'inactive'} />,
    },
    {
      id: 'today',
      title: 'Capacity used today',
      exportValue: (row) => row.today.parcels,
      cell: (row) => <Today row={row} />,
    },
    {
      id: 'calendar',
      title: 'Calendar',
      exportValue: (row) => asText(row.settings.calendar),
      cell: (row) =>
        asText(row.settings.calendar) ? (
          <DocumentLink page="/calendars" name={asText(row.settings.calendar)} />
        ) : (
          <span className="muted">Always open</span>
        ),
    },
    {
      id: 'pickups',
      title: 'Pickups',
      exportValue: (row) => asText(row.settings.pickup_schedule),
      cell: (row) =>
        asText(row.settings.pickup_schedule) ? (
          <DocumentLink page="/pickup-schedules" name={asText(row.settings.pickup_schedule)} />
        ) : (
          <span className="muted">When open</span>
        ),
    },
    {
      id: 'cutoff',
      title: 'Cut-off',
      exportValue: (row) => asText(row.settings.cutoff),
      cell: (row) =>
        asText(row.settings.cutoff) ? (
          <span className="figure" title={row.time_zone}>
            {asText(row.settings.cutoff)}
          </span>
        ) : (
          <span className="muted">None</span>
        ),
    },
    { id: 'zone', title: 'Time zone', hiddenByDefault: true, exportValue: (row) => row.time_zone, cell: (row) => row.time_zone },
    {
      id: 'capabilities',
      title: 'Capabilities',
      hiddenByDefault: true,
      exportValue: (row) => capabilitiesOf(row.settings),
      cell: (row) => capabilitiesOf(row.settings),
    },
    {
      id: 'stock',
      title: 'Stock',
      cell: (row) => <Link to={`/inventory?source=${encodeURIComponent(row.name)}`}>See stock</Link>,
    },
  ];
}

/** How much of the day's parcels and lines is taken, where the day has a limit. */
function Today({ row }: { row: Source }) {
  const lines = row.settings.daily_lines;
  if (row.daily_parcels === null && typeof lines !== 'number') return <span className="muted">No limit</span>;
  return (
    <span className="stack" style={{ gap: 4 }}>
      {row.daily_parcels !== null && <Meter used={row.today.parcels} of={row.daily_parcels} unit="parcels" />}
      {typeof lines === 'number' && <Meter used={row.today.lines} of={lines} unit="lines" />}
    </span>
  );
}

/** Where orders can ship from, on a map and as a list. */
export default function SourcesPage() {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources, refetchInterval: 60_000 });
  const [chosen, change] = useUrlFilters(['search', 'type', 'state', 'open']);
  const editing = chosen.open === '+' ? '' : chosen.open;
  const setEditing = (name: string | undefined): void => change({ open: name === '' ? '+' : name });
  const [picked, setPicked] = useState<string[]>([]);
  const [all, setAll] = useState(false);
  const refresh = useRefreshDocuments();
  const may = usePermission('configuration.write');
  const { visibleColumns: visibleColumns, chooser } = useColumns('sources', columnsOf(setEditing));
  const found = (sources.data ?? []).filter((row) => {
    const words = `${row.name} ${row.title} ${placeOf(row)}`.toLowerCase();
    return (
      words.includes((chosen.search ?? '').toLowerCase()) &&
      (chosen.type === undefined || row.type === chosen.type) &&
      (chosen.state === undefined || row.active === (chosen.state === 'active'))
    );
  });
  const rows = all ? found : found.slice(0, SHOWN);
  const add = (
    <ExplainedButton type="primary" icon={<PlusOutlined />} allowed={may} why={needsWrite} onClick={() => setEditing('')}>
      New source
    </ExplainedButton>
  );
  const none = (sources.data ?? []).length === 0;
  return (
    <Page
      title="Sources"
      lead="Warehouses, stores, 3PLs and vendors an order can ship from, and what their day has taken so far."
      actions={add}
    >
      {!none && (
        <MapView
          label="Sources"
          height={380}
          pins={found.flatMap((item) =>
            pinOf({
              id: item.name,
              label: found.length > LABELED ? '' : item.name,
              kind: item.active ? 'source' : 'inactive',
              latitude: item.latitude,
              longitude: item.longitude,
            }),
          )}
        />
      )}
      <ListView
        label="Sources"
        list={asPagedList(sources, rows)}
        columns={visibleColumns}
        rowId={(row) => row.name}
        onOpen={(row) => setEditing(row.name)}
        selection={may ? { ids: picked, onChange: setPicked } : undefined}
        toolbar={
          picked.length > 0 ? (
            <BulkBar
              picked={picked.map((id) => ({ id, label: id }))}
              verbs={verbs}
              noun={['source', 'sources']}
              onClear={() => setPicked([])}
              onDone={refresh}
            />
          ) : (
            <FilterBar
              filters={filters}
              values={chosen}
              onChange={change}
              search="Name, title or place"
              extra={
                <>
                  {chooser}
                  <ExportButton name="sources" columns={columnsOf(setEditing)} fetch={() => Promise.resolve({ items: found })} />
                </>
              }
            />
          )
        }
        empty={
          none ? (
            <EmptyState icon={<EnvironmentOutlined />} title="No sources yet" action={add}>
              A source is a place that holds stock and can ship it. Write the first one here, or apply documents of kind <code>source</code>{' '}
              with <code>iom config apply</code>.
            </EmptyState>
          ) : (
            <EmptyState
              icon={<EnvironmentOutlined />}
              title="No source matches"
              action={<Button onClick={() => change({ search: undefined, type: undefined, state: undefined })}>Show all sources</Button>}
            >
              Take a filter away to see more.
            </EmptyState>
          )
        }
      />
      {found.length > rows.length && (
        <Button style={{ justifySelf: 'center' }} onClick={() => setAll(true)}>
          Show the other {formatNumber(found.length - rows.length)}
        </Button>
      )}
      {editing !== undefined && <SourceDrawer name={editing} onClose={() => setEditing(undefined)} />}
    </Page>
  );
}
