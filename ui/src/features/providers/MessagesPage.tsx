import { InboxOutlined } from '@kit/icons';
import { isAttentionChange } from '@client/attention';
import { listInstances, listMessages, type MessageRow } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import {
  BulkActionBar,
  countFirstPage,
  FilterBar,
  knownSort,
  ListView,
  matchingByPage,
  sortsBy,
  toOptions,
  usePagedList,
  useUrlFilters,
} from '@kit/list';
import { humanize, stateLabel } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { MessageDrawer } from './MessageDrawer';
import { messageActions } from './messageActions';
import { messageColumns } from './messageColumns';
import { MissingMappings } from './MissingMappings';
import './providers.css';

const keys = ['search', 'state', 'instance', 'kind'] as const;
const addressKeys = [...keys, 'sort', 'message'] as const;
const sorts = sortsBy('received', 'key', 'instance', 'total');
const sortableStates = ['parked', 'discarded', 'on_hold'];
const states = ['parked', 'received', 'processed', 'duplicate', 'ignored', 'stale', 'on_hold', 'discarded'];
const noun = ['message', 'messages'] as const;
const rowId = (row: MessageRow): string => row.id;
const messageName = (row: MessageRow): string => `${humanize(row.kind)} ${row.key}`;

/** The parameters of the address as a query of the API. Messages that were processed are sorted by their arrival only. */
const toQuery = ({ search, state = 'parked', instance, kind, sort }: Partial<Record<string, string>>) => {
  const chosen = knownSort(sorts, sort);
  const allowed = sortableStates.includes(state) || chosen === 'received' || chosen === '-received';
  return { search, state, instance, kind, sort: allowed ? chosen : undefined };
};

/** Messages that could not be processed. */
export default function MessagesPage() {
  const queryClient = useQueryClient();
  const [{ message: open, sort, ...values }, change] = useUrlFilters(addressKeys, ['message']);
  const [selected, setSelected] = useState<string[]>([]);
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const setOpen = (message: string | undefined): void => change({ message });
  const { search, state, instance, kind } = values;
  const columns = messageColumns(setOpen, { sortable: sortableStates.includes(state ?? 'parked') });
  const query = useMemo(() => toQuery({ search, state, instance, kind, sort }), [search, state, instance, kind, sort]);
  const list = usePagedList({
    name: 'messages',
    query,
    fetch: listMessages,
    rowId,
    isRelevant: (item) => isAttentionChange(item) || item.name === 'order.created',
  });
  const selectedRows = list.rows
    .filter((row) => selected.includes(row.id))
    .map((row) => ({ id: row.id, label: `${humanize(row.kind)} ${row.key}` }));
  const refresh = (): void => {
    list.reload();
    void queryClient.invalidateQueries({ queryKey: ['provider-instances'] });
  };
  const isFiltered = Object.keys(values).length > 0;
  return (
    <Page title="Parked messages" description="Provider messages that could not be processed. Fix the cause to process them automatically.">
      <MissingMappings onMapped={refresh} />
      <ListView
        label="Messages"
        list={list}
        columns={columns}
        rowId={rowId}
        rowName={(row) => `${humanize(row.kind)} ${row.key}`}
        noun={noun}
        sort={{ key: query.sort ?? '-received', reversible: true, onChange: (next) => change({ sort: next }) }}
        onOpen={(row) => setOpen(row.id)}
        selection={{ ids: selectedRows.map((entry) => entry.id), onChange: setSelected }}
        toolbar={
          <BulkActionBar
            selectedRows={selectedRows}
            noun={noun}
            actions={messageActions}
            onClear={() => setSelected([])}
            onDone={refresh}
            matching={
              (list.next ?? list.previous)
                ? matchingByPage((page, signal) => listMessages({ ...query, ...page }, signal), rowId, messageName)
                : undefined
            }
          >
            <FilterBar
              search="Order number, customer or email"
              views={{
                list: 'messages',
                keys: ['sort'],
                count: (parameters, signal) => countFirstPage((page) => listMessages({ ...toQuery(parameters), ...page }, signal)),
              }}
              filters={[
                { key: 'state', label: 'State', kind: 'choice', options: toOptions(states, stateLabel) },
                {
                  key: 'instance',
                  label: 'From',
                  kind: 'choice',
                  options: (instances.data ?? []).map((instance) => ({ value: instance.name, label: instance.title || instance.name })),
                },
                { key: 'kind', label: 'Kind', kind: 'text' },
              ]}
              values={values}
              onChange={change}
            />
          </BulkActionBar>
        }
        empty={
          isFiltered ? (
            <EmptyState
              icon={<InboxOutlined />}
              title="No matching messages"
              action={
                <Button onClick={() => change({ search: undefined, state: undefined, instance: undefined, kind: undefined })}>
                  Show parked messages
                </Button>
              }
            >
              No results match these filters.
            </EmptyState>
          ) : instances.data?.length === 0 ? (
            <EmptyState
              icon={<InboxOutlined />}
              title="No providers installed"
              action={<Link to="/providers/library">Open the library</Link>}
            >
              Orders and updates of stores, warehouses and carriers arrive as messages. Those that cannot be processed wait here. Connect a
              provider to receive the first one.
            </EmptyState>
          ) : (
            <EmptyState icon={<InboxOutlined />} title="No parked messages" action={<Link to="/orders">Go to sales orders</Link>}>
              All messages were processed. Messages with errors appear here with the cause and the fix.
            </EmptyState>
          )
        }
      />
      {open && <MessageDrawer id={open} onClose={() => setOpen(undefined)} onChanged={refresh} />}
    </Page>
  );
}
