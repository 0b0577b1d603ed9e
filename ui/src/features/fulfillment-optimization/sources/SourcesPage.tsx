import { EnvironmentOutlined, PlusOutlined } from '@kit/icons';
import { applyDocuments, listDocuments } from '@client/configuration';
import { listSources, type Source } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { Page } from '@kit/layout';
import {
  BulkActionBar,
  toOptions,
  ExportButton,
  FilterBar,
  type ListColumn,
  ListView,
  useColumns,
  useUrlFilters,
  type BulkAction,
} from '@kit/list';
import { MapView, pinOf } from '@kit/MapView';
import { StateTag } from '@kit/states';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { writePermissionRequired, useRefreshDocuments } from '../documents/DocumentDrawer';
import { asText } from '@kit/forms/fields';
import { usePermission } from '@kit/usePermission';
import { CapacityMeter } from './CapacityMeter';
import { capabilitiesOf, SourceDrawer } from './SourceDrawer';
import { DocumentLink } from '../documents/documentLinks';
import { asPagedList } from '@kit/list/asPagedList';
import { sourceTypeLabels } from '../labels';
import '../optimization.css';

const INITIAL_COUNT = 200;
const MAX_LABELED_PINS = 60;
const placeOf = (row: Source): string => [row.city, row.state, row.country].filter(Boolean).join(', ');
const filters = [
  {
    key: 'type',
    label: 'Type',
    kind: 'choice',
    options: toOptions(Object.keys(sourceTypeLabels), (item) => sourceTypeLabels[item] ?? item),
  },
  {
    key: 'state',
    label: 'State',
    kind: 'choice',
    options: toOptions(['active', 'inactive'], (item) => (item === 'active' ? 'Active' : 'Inactive')),
  },
] as const;

const setActive = async (names: string[], active: boolean) => {
  const wantedNames = new Set(names);
  const documents = (await listDocuments('source')).filter((item) => wantedNames.has(item.name));
  const changes = await applyDocuments(documents.map((document) => ({ ...document, body: { ...document.body, active } })));
  const changeByName = new Map(changes.map((change) => [change.name, change.change]));
  return names.map((id) => ({
    id,
    ok: changeByName.has(id),
    reason: !changeByName.has(id) ? 'Source not found' : changeByName.get(id) === 'unchanged' ? 'unchanged' : '',
  }));
};

const actions: readonly BulkAction[] = [
  {
    name: 'activate',
    label: 'Activate',
    description: 'New orders can be sourced from these locations.',
    run: (names) => setActive(names, true),
  },
  {
    name: 'deactivate',
    label: 'Deactivate',
    danger: true,
    description: 'New orders are not sourced from these locations. Existing assignments do not change.',
    run: (names) => setActive(names, false),
  },
];

function sourceColumns(open: (name: string) => void): readonly ListColumn<Source>[] {
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
    { id: 'type', title: 'Type', exportValue: (row) => row.type, cell: (row) => sourceTypeLabels[row.type] ?? row.type },
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
      cell: (row) => <DailyCapacity row={row} />,
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
      cell: (row) => <Link to={`/inventory?source=${encodeURIComponent(row.name)}`}>View stock</Link>,
    },
  ];
}

/** Capacity used today, for sources with a daily limit. */
function DailyCapacity({ row }: { row: Source }) {
  const lines = row.settings.daily_lines;
  if (row.daily_parcels === null && typeof lines !== 'number') return <span className="muted">No limit</span>;
  return (
    <span className="stack" style={{ gap: 4 }}>
      {row.daily_parcels !== null && <CapacityMeter used={row.today.parcels} capacity={row.daily_parcels} unit="parcels" />}
      {typeof lines === 'number' && <CapacityMeter used={row.today.lines} capacity={lines} unit="lines" />}
    </span>
  );
}

/** Sources on a map and as a list. */
export default function SourcesPage() {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources, refetchInterval: 60_000 });
  const [filterValues, change] = useUrlFilters(['search', 'type', 'state', 'open']);
  const editing = filterValues.open === '+' ? '' : filterValues.open;
  const setEditing = (name: string | undefined): void => change({ open: name === '' ? '+' : name });
  const [selectedIds, setSelectedIds] = useState<string[]>([]);
  const [showAll, setShowAll] = useState(false);
  const refresh = useRefreshDocuments();
  const canWrite = usePermission('configuration.write');
  const { visibleColumns, columnChooser } = useColumns('sources', sourceColumns(setEditing));
  const matchingSources = (sources.data ?? []).filter((row) => {
    const searchableText = `${row.name} ${row.title} ${placeOf(row)}`.toLowerCase();
    return (
      searchableText.includes((filterValues.search ?? '').toLowerCase()) &&
      (filterValues.type === undefined || row.type === filterValues.type) &&
      (filterValues.state === undefined || row.active === (filterValues.state === 'active'))
    );
  });
  const rows = showAll ? matchingSources : matchingSources.slice(0, INITIAL_COUNT);
  const add = (
    <ExplainedButton
      type="primary"
      icon={<PlusOutlined />}
      allowed={canWrite}
      disabledReason={writePermissionRequired}
      onClick={() => setEditing('')}
    >
      New source
    </ExplainedButton>
  );
  const hasNoSources = (sources.data ?? []).length === 0;
  return (
    <Page title="Sources" description="Warehouses, stores, 3PLs and vendors that ship orders, with today’s capacity usage." actions={add}>
      {!hasNoSources && (
        <MapView
          label="Sources"
          height={380}
          pins={matchingSources.flatMap((item) =>
            pinOf({
              id: item.name,
              label: matchingSources.length > MAX_LABELED_PINS ? '' : item.name,
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
        selection={canWrite ? { ids: selectedIds, onChange: setSelectedIds } : undefined}
        toolbar={
          <BulkActionBar
            selectedRows={selectedIds.map((id) => ({ id, label: id }))}
            actions={actions}
            noun={['source', 'sources']}
            onClear={() => setSelectedIds([])}
            onDone={refresh}
          >
            <FilterBar
              filters={filters}
              values={filterValues}
              onChange={change}
              search="Name, title or place"
              extra={
                <>
                  {columnChooser}
                  <ExportButton
                    name="sources"
                    columns={sourceColumns(setEditing)}
                    fetch={() => Promise.resolve({ items: matchingSources })}
                  />
                </>
              }
            />
          </BulkActionBar>
        }
        empty={
          hasNoSources ? (
            <EmptyState icon={<EnvironmentOutlined />} title="No sources yet" action={add}>
              A source is a location that stocks and ships products. Create the first source.
            </EmptyState>
          ) : (
            <EmptyState
              icon={<EnvironmentOutlined />}
              title="No matching sources"
              action={<Button onClick={() => change({ search: undefined, type: undefined, state: undefined })}>Show all sources</Button>}
            >
              Remove a filter to see more.
            </EmptyState>
          )
        }
      />
      {matchingSources.length > rows.length && (
        <Button style={{ justifySelf: 'center' }} onClick={() => setShowAll(true)}>
          Show {formatNumber(matchingSources.length - rows.length)} more
        </Button>
      )}
      {editing !== undefined && <SourceDrawer name={editing} onClose={() => setEditing(undefined)} />}
    </Page>
  );
}
