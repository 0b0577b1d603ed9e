import { InboxOutlined } from '@kit/icons';
import { isAttentionChange } from '@client/attention';
import { listMessages } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { FilterBar, ListView, toOptions, usePagedList, useUrlFilters } from '@kit/list';
import { humanize, stateLabel } from '@vocabulary';
import { Button } from 'antd';
import { useMemo } from 'react';
import { messageColumns } from './messageColumns';
import { MessageDrawer } from './MessageDrawer';

const keys = ['search', 'state', 'message'] as const;
const states = ['parked', 'received', 'processed', 'duplicate', 'ignored', 'stale', 'on_hold', 'discarded'];

/** All messages of one provider, newest first. */
export function InstanceMessages({ instance }: { instance: string }) {
  const [{ message: open, search, state }, change] = useUrlFilters(keys, ['message']);
  const query = useMemo(() => ({ search, state, instance }), [search, state, instance]);
  const columns = useMemo(() => messageColumns((message) => change({ message })).filter((column) => column.id !== 'instance'), [change]);
  const list = usePagedList({ name: 'messages', query, fetch: listMessages, rowId: (row) => row.id, isRelevant: isAttentionChange });
  const isFiltered = search !== undefined || state !== undefined;
  return (
    <section aria-label="Messages">
      <ListView
        label="Messages"
        list={list}
        columns={columns}
        rowId={(row) => row.id}
        rowName={(row) => `${humanize(row.kind)} ${row.key}`}
        onOpen={(row) => change({ message: row.id })}
        toolbar={
          <FilterBar
            search="Order number, customer or email"
            filters={[{ key: 'state', label: 'State', kind: 'choice', options: toOptions(states, stateLabel) }]}
            values={{ search, state }}
            onChange={change}
          />
        }
        empty={
          <EmptyState
            icon={<InboxOutlined />}
            title={isFiltered ? 'No matching messages' : 'No messages yet'}
            action={isFiltered && <Button onClick={() => change({ search: undefined, state: undefined })}>Show all messages</Button>}
          >
            {isFiltered ? 'No results match these filters.' : 'Orders, products and updates that this provider sends appear here.'}
          </EmptyState>
        }
      />
      {open && <MessageDrawer id={open} onClose={() => change({ message: undefined })} onChanged={list.reload} />}
    </section>
  );
}
