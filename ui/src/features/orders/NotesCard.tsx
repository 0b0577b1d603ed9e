import { changeNote, deleteNote, listNotes, listPeople, writeNotes, type Note, type Person } from '@client/collaboration';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice, QueryContent } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { PushpinFilled } from '@kit/icons';
import { Card } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Mentions, Popconfirm } from 'antd';
import { useId, useState } from 'react';

const MAX_TEXT = 5000;
const noPermission = 'Your role may not change orders';

/** What people wrote about an order: pinned notes first, then the newest. */
export function NotesCard({ orderId }: { orderId: string }) {
  const queryClient = useQueryClient();
  const people = useQuery({ queryKey: ['people'], queryFn: listPeople, staleTime: 300_000 });
  const notes = useInfiniteQuery({
    queryKey: ['order', orderId, 'notes'],
    queryFn: ({ pageParam }) => listNotes(orderId, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const reload = () => queryClient.invalidateQueries({ queryKey: ['order', orderId, 'notes'] });
  return (
    <Card title="Notes">
      <NewNote orderId={orderId} people={people.data ?? []} onWritten={reload} />
      <QueryContent query={notes} rows={2}>
        {({ pages }) => (
          <>
            <ul className="notes" aria-label="Notes">
              {pages
                .flatMap((page) => page.items)
                .map((note) => (
                  <NoteItem key={note.id} note={note} people={people.data ?? []} onChanged={reload} />
                ))}
            </ul>
            {notes.hasNextPage && (
              <Button size="small" loading={notes.isFetchingNextPage} onClick={() => void notes.fetchNextPage()}>
                Show older notes
              </Button>
            )}
          </>
        )}
      </QueryContent>
    </Card>
  );
}

function NewNote({ orderId, people, onWritten }: { orderId: string; people: Person[]; onWritten: () => Promise<void> }) {
  const [text, setText] = useState('');
  const mayWrite = usePermission('orders.write');
  const write = useMutation({
    mutationFn: () => writeNotes([orderId], text.trim()),
    onSuccess: async () => {
      await onWritten();
      setText('');
    },
  });
  const empty = text.trim() === '';
  return (
    <div className="note-form">
      <NoteField label="New note" people={people} value={text} onChange={setText} onSubmit={() => !empty && mayWrite && write.mutate()} />
      {write.error && <ProblemNotice compact error={write.error} />}
      <ExplainedButton
        size="small"
        loading={write.isPending}
        allowed={mayWrite && !empty}
        disabledReason={mayWrite ? 'Write something first' : noPermission}
        onClick={() => write.mutate()}
      >
        Add note
      </ExplainedButton>
    </div>
  );
}

interface FieldProps {
  label: string;
  people: Person[];
  value: string;
  onChange: (text: string) => void;
  onSubmit: () => void;
}

/** A text field in which an at sign offers the people to mention; Ctrl or Command with Enter saves. */
function NoteField({ label, people, value, onChange, onSubmit }: FieldProps) {
  const id = useId();
  return (
    <label className="field" htmlFor={id}>
      <span className="visually-hidden">{label}</span>
      <Mentions
        id={id}
        autoSize={{ minRows: 1, maxRows: 10 }}
        placeholder="Write a note; @ mentions a person"
        maxLength={MAX_TEXT}
        value={value}
        onChange={onChange}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSubmit();
        }}
        options={people.map((person) => ({ value: person.email, label: `${person.name} (${person.email})` }))}
        filterOption={(typed, { value: email = '' }) => `${personName(people, email)} ${email}`.toLowerCase().includes(typed.toLowerCase())}
      />
    </label>
  );
}

function NoteItem({ note, people, onChanged }: { note: Note; people: Person[]; onChanged: () => Promise<void> }) {
  const [draft, setDraft] = useState<string>();
  const mayWrite = usePermission('orders.write');
  const change = useMutation({
    mutationFn: (body: { text?: string; pinned?: boolean }) => changeNote(note.id, body),
    onSuccess: async () => {
      await onChanged();
      setDraft(undefined);
    },
  });
  const remove = useMutation({ mutationFn: () => deleteNote(note.id), onSuccess: onChanged });
  const error = change.error ?? remove.error;
  const save = () => change.mutate({ text: draft?.trim() });
  return (
    <li className="note" data-pinned={note.pinned}>
      <p className="note-head">
        {note.pinned && <PushpinFilled aria-label="Pinned" />}
        <span className="strong">{personName(people, note.author)}</span>{' '}
        <span className="muted">
          <Timestamp at={note.written_at} />
          {note.edited_at && ', edited'}
        </span>
      </p>
      {draft === undefined ? (
        <p className="note-text">
          <NoteText text={note.text} people={people} />
        </p>
      ) : (
        <div className="note-form">
          <NoteField label="Text of the note" people={people} value={draft} onChange={setDraft} onSubmit={save} />
          <span className="row">
            <ExplainedButton
              size="small"
              type="primary"
              loading={change.isPending}
              allowed={draft.trim() !== ''}
              disabledReason="Write something first"
              onClick={save}
            >
              Save
            </ExplainedButton>
            <Button size="small" onClick={() => setDraft(undefined)}>
              Cancel
            </Button>
          </span>
        </div>
      )}
      {error && <ProblemNotice compact error={error} />}
      {mayWrite && draft === undefined && (
        <p className="note-actions">
          <Button type="link" size="small" onClick={() => change.mutate({ pinned: !note.pinned })}>
            {note.pinned ? 'Unpin' : 'Pin'}
          </Button>
          {note.editable && (
            <Button type="link" size="small" onClick={() => setDraft(note.text)}>
              Edit
            </Button>
          )}
          {note.deletable && (
            <Popconfirm title="Delete this note?" okText="Delete note" cancelText="Keep" onConfirm={() => remove.mutate()}>
              <Button type="link" size="small" danger>
                Delete
              </Button>
            </Popconfirm>
          )}
        </p>
      )}
    </li>
  );
}

const personName = (people: readonly Person[], email: string): string =>
  people.find((person) => person.email.toLowerCase() === email.toLowerCase())?.name ?? email;

const mention = /(@[^\s@,;:()<>[\]]+@[^\s@,;:()<>[\]]*[^\s@,;:()<>[\].!?])/;

/** The text of a note; people are shown by their names. */
export function NoteText({ text, people }: { text: string; people: readonly Person[] }) {
  return text.split(mention).map((part, index) => {
    const person = index % 2 === 1 && people.find(({ email }) => `@${email}`.toLowerCase() === part.toLowerCase());
    return person ? (
      <span key={index} className="mention" title={person.email}>
        @{person.name}
      </span>
    ) : (
      part
    );
  });
}
