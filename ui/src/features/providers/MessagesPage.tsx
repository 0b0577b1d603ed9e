import { InboxOutlined } from '@kit/icons';
import { isAttentionChange } from '@client/attention';
import { listInstances, listMessages, type MessageRow } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import { BulkActionBar, countFirstPage, matchingByPage, toOptions, FilterBar, ListView, usePagedList, useUrlFilters } from '@kit/list';
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
const addressKeys = [...keys, 'message'] as const;
const states = ['parked', 'received', 'processed', 'duplicate', 'ignored', 'stale', 'on_hold', 'discarded'];
const noun = ['message', 'messages'] as const;
const rowId = (row: MessageRow): string => row.id;
const messageName = (row: MessageRow): string => `${humanize(row.kind)} ${row.key}`;

/** Messages that could not be processed. */
export default function MessagesPage() {
  const queryClient = useQueryClient();
  const [{ message: open, ...values }, change] = useUrlFilters(addressKeys, ['message']);
  const [selected, setSelected] = useState<string[]>([]);
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const setOpen = (message: string | undefined): void => change({ message });
  const columns = messageColumns(setOpen);
  const { search, state, instance, kind } = values;
  const query = useMemo(() => ({ search, state: state ?? 'parked', instance, kind }), [search, state, instance, kind]);
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
                count: (parameters, signal) => countFirstPage((page) => listMessages({ state: 'parked', ...parameters, ...page }, signal)),
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
