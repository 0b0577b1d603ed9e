import type { MessageRow } from '@client/providers';
import { describeFieldPath } from '@kit/fieldPath';
import { Money, Timestamp } from '@kit/format';
import type { ListColumn } from '@kit/list';
import { StateTag } from '@kit/states';
import { humanize } from '@vocabulary';

/** The columns of a list of messages; `open` opens one. `sortable` ones can be sorted by more than when they arrived. */
export function messageColumns(open: (id: string) => void, { sortable = false } = {}): readonly ListColumn<MessageRow>[] {
  return [
    {
      id: 'key',
      title: 'Message',
      sortKey: sortable ? 'key' : undefined,
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
            <span>{humanize(row.error.what)}</span>
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
    {
      id: 'total',
      title: 'Total',
      align: 'right',
      sortKey: sortable ? 'total' : undefined,
      sortDescendingFirst: true,
      cell: (row) => row.total !== null && <Money amount={row.total} currency={row.currency ?? ''} />,
    },
    { id: 'instance', title: 'From', sortKey: sortable ? 'instance' : undefined, cell: (row) => row.instance },
    {
      id: 'received',
      title: 'Received',
      sortKey: 'received',
      sortDescendingFirst: true,
      cell: (row) => <Timestamp at={row.received_at} />,
    },
    { id: 'attempts', title: 'Attempts', align: 'right', cell: (row) => <span className="figure">{row.attempts}</span> },
  ];
}
