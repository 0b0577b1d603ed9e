import { EnvironmentOutlined, PlusOutlined } from '@kit/icons';
import { applyDocuments, listDocuments } from '@client/configuration';
import { listSources, type Source } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { whole } from '@kit/format';
import { Page } from '@kit/layout';
import { BulkBar, choices, ExportButton, FilterBar, type ListColumn, ListView, useColumns, useUrlFilters, type Verb } from '@kit/list';
import { MapView, pinOf } from '@kit/MapView';
import { StateTag } from '@kit/states';
import { WhyButton } from '@kit/ExplainedButton';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { needsWrite, useRefreshDocuments } from '../documents/DocumentDrawer';
import { text } from '@kit/forms/fields';
import { useMay } from '@kit/usePermission';
import { Meter } from './CapacityMeter';
import { capabilitiesOf, SourceDrawer } from './SourceDrawer';
import { DocumentLink } from '../documents/documentLinks';
import { wholeList } from '@kit/list/asPagedList';
import { typeWords } from '../labels';
import '../optimization.css';

const SHOWN = 200;
const LABELED = 60;
const placeOf = (row: Source): string => [row.city, row.state, row.country].filter(Boolean).join(', ');
const filters = [
  { key: 'type', label: 'Type', kind: 'choice', options: choices(Object.keys(typeWords), (one) => typeWords[one] ?? one) },
  {
    key: 'state',
    label: 'State',
    kind: 'choice',
    options: choices(['active', 'inactive'], (one) => (one === 'active' ? 'Active' : 'Inactive')),
  },
] as const;

const setActive = async (names: string[], active: boolean) => {
  const wanted = new Set(names);
  const documents = (await listDocuments('source')).filter((one) => wanted.has(one.name));
  const changes = await applyDocuments(documents.map((one) => ({ ...one, body: { ...one.body, active } })));
  const done = new Map(changes.map((one) => [one.name, one.change]));
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
    says: 'Orders sourced from now on may ship from there.',
    run: (names) => setActive(names, true),
  },
  {
    name: 'deactivate',
    label: 'Deactivate',
    danger: true,
    says: 'No more orders are sourced from there. What is already sourced stays as it is.',
    run: (names) => setActive(names, false),
  },
];

function columnsOf(open: (name: string) => void): readonly ListColumn<Source>[] {
  return [
    {
      key: 'name',
      title: 'Source',
      fixed: true,
      text: (row) => row.name,
      render: (row) => (
        <span className="two-line">
          <button type="button" className="link-button strong" style={{ justifySelf: 'start' }} onClick={() => open(row.name)}>
            {row.name}
          </button>
          <span className="muted">{row.title}</span>
        </span>
      ),
    },
    { key: 'type', title: 'Type', text: (row) => row.type, render: (row) => typeWords[row.type] ?? row.type },
    { key: 'place', title: 'Place', text: placeOf, render: placeOf },
    {
      key: 'state',
      title: 'State',
      fixed: true,
      text: (row) => (row.active ? 'active' : 'inactive'),
      render: (row) => <StateTag state={row.active ? 'active' : 'inactive'} />,
    },
    {
      key: 'today',
      title: 'Capacity used today',
      text: (row) => row.today.parcels,
      render: (row) => <Today row={row} />,
    },
    {
      key: 'calendar',
      title: 'Calendar',
      text: (row) => text(row.settings.calendar),
      render: (row) =>
        text(row.settings.calendar) ? (
          <DocumentLink page="/calendars" name={text(row.settings.calendar)} />
        ) : (
          <span className="muted">Always open</span>
        ),
    },
    {
      key: 'pickups',
      title: 'Pickups',
      text: (row) => text(row.settings.pickup_schedule),
      render: (row) =>
        text(row.settings.pickup_schedule) ? (
          <DocumentLink page="/pickup-schedules" name={text(row.settings.pickup_schedule)} />
        ) : (
          <span className="muted">When open</span>
        ),
    },
    {
      key: 'cutoff',
      title: 'Cut-off',
      text: (row) => text(row.settings.cutoff),
      render: (row) =>
        text(row.settings.cutoff) ? (
          <span className="figure" title={row.time_zone}>
            {text(row.settings.cutoff)}
          </span>
        ) : (
          <span className="muted">None</span>
        ),
    },
    { key: 'zone', title: 'Time zone', extra: true, text: (row) => row.time_zone, render: (row) => row.time_zone },
    {
      key: 'capabilities',
      title: 'Capabilities',
      extra: true,
      text: (row) => capabilitiesOf(row.settings),
      render: (row) => capabilitiesOf(row.settings),
    },
    {
      key: 'stock',
      title: 'Stock',
      render: (row) => <Link to={`/inventory?source=${encodeURIComponent(row.name)}`}>See stock</Link>,
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
  const may = useMay('configuration.write');
  const { shown, chooser } = useColumns('sources', columnsOf(setEditing));
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
    <WhyButton type="primary" icon={<PlusOutlined />} allowed={may} why={needsWrite} onClick={() => setEditing('')}>
      New source
    </WhyButton>
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
          pins={found.flatMap((one) =>
            pinOf({
              id: one.name,
              label: found.length > LABELED ? '' : one.name,
              kind: one.active ? 'source' : 'inactive',
              latitude: one.latitude,
              longitude: one.longitude,
            }),
          )}
        />
      )}
      <ListView
        label="Sources"
        list={wholeList(sources, rows)}
        columns={shown}
        idOf={(row) => row.name}
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
          Show the other {whole(found.length - rows.length)}
        </Button>
      )}
      {editing !== undefined && <SourceDrawer name={editing} onClose={() => setEditing(undefined)} />}
    </Page>
  );
}
