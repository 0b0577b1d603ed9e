import { InboxOutlined } from '@kit/icons';
import { listInstances, listMessages, type MessageRow } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { When } from '@kit/format';
import { Page } from '@kit/layout';
import { BulkBar, choices, FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { inWords, StateTag, stateWord } from '@kit/states';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { MessageDrawer } from './MessageDrawer';
import { messageVerbs } from './messageActions';
import { MissingKeys } from './MissingMappings';
import './providers.css';

const keys = ['search', 'state', 'instance', 'kind'] as const;
const states = ['parked', 'received', 'processed', 'duplicate', 'stale', 'discarded'];
const noun = ['message', 'messages'] as const;
const idOf = (row: MessageRow): string => row.id;

function columnsWith(open: (id: string) => void): readonly ListColumn<MessageRow>[] {
  return [
    {
      key: 'key',
      title: 'Message',
      render: (row) => (
        <button type="button" className="link-button strong" onClick={() => open(row.id)}>
          {inWords(row.kind)} {row.key}
        </button>
      ),
    },
    { key: 'state', title: 'State', render: (row) => <StateTag state={row.state} /> },
    {
      key: 'error',
      title: 'What and where',
      render: (row) =>
        row.error && (
          <span className="two-line wrap">
            <span>{row.error.what}</span>
            <span className="muted">
              <code>{row.error.where}</code>
            </span>
          </span>
        ),
    },
    {
      key: 'missing',
      title: 'Missing',
      render: (row) =>
        row.missing.map((one) => (
          <div key={`${one.table} ${one.value}`}>
            {inWords(one.table)} <code>{one.value}</code>
          </div>
        )),
    },
    { key: 'instance', title: 'From', render: (row) => row.instance },
    { key: 'received', title: 'Received', render: (row) => <When at={row.received_at} /> },
    { key: 'attempts', title: 'Attempts', align: 'right', render: (row) => <span className="figure">{row.attempts}</span> },
  ];
}

/** What came in and could not be understood yet, and the shortest way to put it right. */
export default function MessagesPage() {
  const queries = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const [selected, setSelected] = useState<string[]>([]);
  const [open, setOpen] = useState<string>();
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const columns = useMemo(() => columnsWith(setOpen), []);
  const query = useMemo(() => ({ ...values, state: values.state ?? 'parked' }), [values]);
  const list = usePagedList({
    name: 'messages',
    query,
    fetch: listMessages,
    idOf,
    concerns: (one) => /message|order\.created/.test(one.name),
  });
  const picked = list.rows
    .filter((row) => selected.includes(row.id))
    .map((row) => ({ id: row.id, label: `${inWords(row.kind)} ${row.key}` }));
  const refresh = (): void => {
    void queries.invalidateQueries({ queryKey: ['messages'] });
  };
  const narrowed = Object.keys(values).length > 0;
  return (
    <Page
      title="Parked messages"
      lead="Messages from your providers that could not become an order yet. Nothing is lost: put the cause right and they go on by themselves."
    >
      <MissingKeys onMapped={refresh} />
      <ListView
        label="Messages"
        list={list}
        columns={columns}
        idOf={idOf}
        nameOf={(row) => `${inWords(row.kind)} ${row.key}`}
        noun={noun}
        onOpen={(row) => setOpen(row.id)}
        selection={{ ids: picked.map((one) => one.id), onChange: setSelected }}
        toolbar={
          picked.length > 0 ? (
            <BulkBar picked={picked} noun={noun} verbs={messageVerbs} onClear={() => setSelected([])} onDone={refresh} />
          ) : (
            <FilterBar
              search="Order number or text of the error"
              filters={[
                { key: 'state', label: 'State', kind: 'choice', options: choices(states, stateWord) },
                {
                  key: 'instance',
                  label: 'From',
                  kind: 'choice',
                  options: (instances.data ?? []).map((one) => ({ value: one.name, label: one.title || one.name })),
                },
                { key: 'kind', label: 'Kind', kind: 'text' },
              ]}
              values={values}
              onChange={change}
            />
          )
        }
        empty={
          narrowed ? (
            <EmptyState
              icon={<InboxOutlined />}
              title="No message matches"
              action={
                <Button onClick={() => change({ search: undefined, state: undefined, instance: undefined, kind: undefined })}>
                  Show parked messages
                </Button>
              }
            >
              Nothing here fits all of the filters above.
            </EmptyState>
          ) : (
            <EmptyState icon={<InboxOutlined />} title="Nothing is parked" action={<Link to="/orders">Go to sales orders</Link>}>
              Every message that came in was understood. One that is not waits here, with what is wrong and how to put it right.
            </EmptyState>
          )
        }
      />
      {open && <MessageDrawer id={open} onClose={() => setOpen(undefined)} onChanged={refresh} />}
    </Page>
  );
}
