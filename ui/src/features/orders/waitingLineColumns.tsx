import { actOnWaiting, type WaitingLine } from '@client/orders';
import { Day, whole, When } from '@kit/format';
import { figureColumn, type ListColumn, type Verb } from '@kit/list';
import { Badge, StateTag, warningIcon } from '@kit/states';
import { useState } from 'react';
import { Link } from 'react-router';

export const kindWords: Record<string, string> = { backorder: 'Backorder', preorder: 'Preorder' };
export const nameOf = (row: WaitingLine): string => `${row.order_number}, line ${row.line_number}: ${whole(row.quantity)} ${row.product}`;

export const waitingVerbs: readonly Verb[] = [
  {
    name: 'recheck',
    label: 'Recheck now',
    outcome: ['going on', 'still waiting'],
    says: 'Looks at the stock of this moment, in the order of the queue: who waits longer goes first. Promised days are renewed.',
    run: (ids, reason) => actOnWaiting('recheck', ids, reason),
  },
  {
    name: 'release',
    label: 'Release',
    reason: 'For example: the buyer has waited long enough (optional)',
    says: 'Their orders go on out of turn and look for stock, past everybody before them. Without stock they wait again and keep their place.',
    run: (ids, reason) => actOnWaiting('release', ids, reason),
  },
  {
    name: 'cancel',
    label: 'Cancel',
    danger: true,
    reason: 'For example: customer request',
    says: 'What is open of these lines is canceled. An order goes on with its other lines, or is canceled with its last one. This cannot be undone.',
    run: (ids, reason) => actOnWaiting('cancel', ids, reason),
  },
];

const DAY = 86_400_000;

/** When a line is canceled by itself; said louder as the day comes near. */
export function Expires({ at }: { at: string | null }) {
  const [now] = useState(() => Date.now());
  if (at === null) return <span className="muted">Never</span>;
  if (Date.parse(at) - now < 3 * DAY)
    return (
      <Badge tone="attention" icon={warningIcon}>
        <When at={at} />
      </Badge>
    );
  return <When at={at} as="date" />;
}

export function Promised({ row }: { row: WaitingLine }) {
  const [today] = useState(() => new Date().toISOString().slice(0, 10));
  if (row.available_on === null) return <Badge tone="attention">No supply known</Badge>;
  return (
    <span className="two-line">
      <span className="figure">
        <Day date={row.available_on} />
      </span>
      {row.available_on < today ? (
        <span className="muted">overdue</span>
      ) : (
        row.confidence !== null && row.confidence < 1 && <span className="muted">{Math.round(row.confidence * 100)} % sure</span>
      )}
    </span>
  );
}

/** How many wait longer, in words. */
export const before = (row: WaitingLine): string =>
  row.lines_before >= 1000 ? `${whole(1000)} or more lines` : `${whole(row.lines_before)} ${row.lines_before === 1 ? 'line' : 'lines'}`;

export const waitingColumns = (open: (row: WaitingLine) => void): readonly ListColumn<WaitingLine>[] => [
  {
    key: 'order',
    title: 'Order',
    fixed: true,
    text: (row) => row.order_number,
    render: (row) => (
      <span className="two-line">
        <Link to={`/orders/${row.order_id}`} className="strong figure">
          {row.order_number}
        </Link>
        <span className="muted">line {row.line_number}</span>
      </span>
    ),
  },
  {
    key: 'product',
    title: 'Product',
    fixed: true,
    text: (row) => row.product,
    render: (row) => (
      <span className="two-line">
        <button type="button" className="link-button" onClick={() => open(row)}>
          {row.product}
        </button>
        <span className="muted clip" title={row.name}>
          {row.name}
        </span>
      </span>
    ),
  },
  figureColumn('units', 'Units', (row) => row.quantity, true),
  {
    key: 'kind',
    title: 'Kind',
    text: (row) => row.kind,
    render: (row) =>
      row.state === 'released' ? (
        <StateTag state="running" label="Going on" />
      ) : (
        <StateTag state="waiting" label={kindWords[row.kind] ?? row.kind} tone={row.kind === 'preorder' ? 'neutral' : 'attention'} />
      ),
  },
  { key: 'since', title: 'Waits since', text: (row) => row.since, render: (row) => <When at={row.since} /> },
  {
    key: 'promised',
    title: 'Promised',
    hint: 'The day its stock can be there, after everybody before it',
    text: (row) => row.available_on ?? '',
    render: (row) => <Promised row={row} />,
  },
  {
    key: 'before',
    title: 'Before it',
    hint: 'Lines that wait longer for the same product',
    align: 'right',
    text: (row) => row.lines_before,
    render: (row) =>
      row.lines_before === 0 ? (
        <span className="muted">{row.kind === 'backorder' && row.state === 'waiting' ? 'First' : '—'}</span>
      ) : (
        <button type="button" className="link-button figure" onClick={() => open(row)}>
          {before(row)}
        </button>
      ),
  },
  {
    key: 'why',
    title: 'Why it waits',
    text: (row) => row.why,
    render: (row) => <span className="why-waits">{row.why.charAt(0).toUpperCase() + row.why.slice(1)}</span>,
  },
  { key: 'expires', title: 'Canceled', text: (row) => row.expires_at ?? '', render: (row) => <Expires at={row.expires_at} /> },
  { key: 'customer', title: 'Customer', extra: true, text: (row) => row.customer_name, render: (row) => row.customer_name },
  { key: 'instance', title: 'Channel', extra: true, text: (row) => row.instance, render: (row) => row.instance },
];
