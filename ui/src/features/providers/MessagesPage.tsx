import { InboxOutlined } from '@kit/icons';
import { isAttentionChange } from '@client/attention';
import { listInstances, listMessages, type MessageRow } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { describeFieldPath } from '@kit/fieldPath';
import { Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import {
  BulkActionBar,
  countFirstPage,
  matchingByPage,
  toOptions,
  FilterBar,
  type ListColumn,
  ListView,
  usePagedList,
  useUrlFilters,
} from '@kit/list';
import { StateTag } from '@kit/states';
import { humanize, stateLabel } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { MessageDrawer } from './MessageDrawer';
import { messageActions } from './messageActions';
import { MissingMappings } from './MissingMappings';
import './providers.css';

const keys = ['search', 'state', 'instance', 'kind'] as const;
const addressKeys = [...keys, 'message'] as const;
const states = ['parked', 'received', 'processed', 'duplicate', 'ignored', 'stale', 'discarded'];
const noun = ['message', 'messages'] as const;
const rowId = (row: MessageRow): string => row.id;
const messageName = (row: MessageRow): string => `${humanize(row.kind)} ${row.key}`;

function messageColumns(open: (id: string) => void): readonly ListColumn<MessageRow>[] {
  return [
    {
      id: 'key',
      title: 'Message',
      cell: (row) => (
        <button type="button" className="link-button strong" onClick={() => open(row.id)}>
          {humanize(row.kind)} {row.key}
        </button>
      ),
    },
    { id: 'state', title: 'State', cell: (row) => <StateTag state={row.state} /> },
    {
      id: 'error',
      title: 'Error',
      cell: (row) =>
        row.error && (
          <span className="two-line wrap">
            <span>{row.error.what}</span>
            <span className="muted">{describeFieldPath(row.error.where)}</span>
          </span>
        ),
    },
    {
      id: 'missing',
      title: 'Missing',
      cell: (row) =>
        row.missing.map((item) => (
          <div key={`${item.table} ${item.value}`}>
            {humanize(item.table)} <code>{item.value}</code>
          </div>
        )),
    },
    { id: 'instance', title: 'From', cell: (row) => row.instance },
    { id: 'received', title: 'Received', cell: (row) => <Timestamp at={row.received_at} /> },
    { id: 'attempts', title: 'Attempts', align: 'right', cell: (row) => <span className="figure">{row.attempts}</span> },
  ];
}

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
