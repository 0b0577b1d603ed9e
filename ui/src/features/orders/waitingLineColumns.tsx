import { actOnWaitingLines, type WaitingLine } from '@client/orders';
import { CalendarDate, formatNumber, formatQuantity, Timestamp } from '@kit/format';
import { numberColumn, type ListColumn, type BulkAction } from '@kit/list';
import { Badge, StateTag, warningIcon } from '@kit/states';
import { useState } from 'react';
import { Link } from 'react-router';

export const waitingKindLabels: Record<string, string> = { backorder: 'Backorder', preorder: 'Preorder', capacity: 'No capacity' };
export const waitingLineName = (row: WaitingLine): string =>
  `${row.order_number}, line ${row.line_number}: ${formatQuantity(row.quantity)} ${row.product}`;

export const waitingLineActions: readonly BulkAction[] = [
  {
    name: 'recheck',
    label: 'Recheck now',
    outcomeLabels: ['released', 'still waiting'],
    description: 'Checks current stock in queue order and updates promise dates.',
    run: (ids, reason) => actOnWaitingLines('recheck', ids, reason),
  },
  {
    name: 'release',
    label: 'Release',
    reasonPlaceholder: 'For example: priority customer (optional)',
    description: 'The orders are sourced now, ahead of the queue. Lines without stock keep their position.',
    run: (ids, reason) => actOnWaitingLines('release', ids, reason),
  },
  {
    name: 'cancel',
    label: 'Cancel',
    danger: true,
    reasonPlaceholder: 'For example: customer request',
    description:
      'The open quantity of these lines is canceled. An order without remaining lines is canceled as well. This cannot be undone.',
    run: (ids, reason) => actOnWaitingLines('cancel', ids, reason),
  },
];

const DAY = 86_400_000;

/** The expiry of a line, highlighted within three days. */
export function ExpiryDate({ at }: { at: string | null }) {
  const [now] = useState(() => Date.now());
  if (at === null) return <span className="muted">Never</span>;
  if (Date.parse(at) - now < 3 * DAY)
    return (
      <Badge tone="attention" icon={warningIcon}>
        <Timestamp at={at} />
      </Badge>
    );
  return <Timestamp at={at} format="date" />;
}

export function PromisedDate({ row }: { row: WaitingLine }) {
  const [today] = useState(() => new Date().toISOString().slice(0, 10));
  if (row.available_on === null) return <Badge tone="attention">No supply scheduled</Badge>;
  return (
    <span className="two-line">
      <span className="figure">
        <CalendarDate date={row.available_on} />
      </span>
      {row.available_on < today ? (
        <span className="muted">overdue</span>
      ) : (
        row.confidence !== null && row.confidence < 1 && <span className="muted">{Math.round(row.confidence * 100)}% confidence</span>
      )}
    </span>
  );
}

/** The number of lines ahead in the queue in words. */
export const describeLinesAhead = (row: WaitingLine): string =>
  row.lines_before >= 1000
    ? `${formatNumber(1000)} or more lines`
    : `${formatNumber(row.lines_before)} ${row.lines_before === 1 ? 'line' : 'lines'}`;

export const waitingLineColumns = (onOpen: (row: WaitingLine) => void): readonly ListColumn<WaitingLine>[] => [
  {
    id: 'order',
    title: 'Order',
    alwaysShown: true,
    exportValue: (row) => row.order_number,
    cell: (row) => (
      <span className="two-line">
        <Link to={`/orders/${row.order_id}`} className="strong figure">
          {row.order_number}
        </Link>
        <span className="muted">line {row.line_number}</span>
      </span>
    ),
  },
  {
    id: 'product',
    title: 'Product',
    sortKey: 'product',
    alwaysShown: true,
    exportValue: (row) => row.product,
    cell: (row) => (
      <span className="two-line">
        <button type="button" className="link-button" onClick={() => onOpen(row)}>
          {row.product}
        </button>
        <span className="muted clip" title={row.name}>
          {row.name}
        </span>
      </span>
    ),
  },
  numberColumn('units', 'Units', (row) => row.quantity, true),
  {
    id: 'kind',
    title: 'Kind',
    exportValue: (row) => row.kind,
    cell: (row) =>
      row.state === 'released' ? (
        <StateTag state="running" label="Released" />
      ) : (
        <StateTag
          state="waiting"
          label={waitingKindLabels[row.kind] ?? row.kind}
          tone={row.kind === 'preorder' ? 'neutral' : 'attention'}
        />
      ),
  },
  { id: 'since', sortKey: 'since', title: 'Waiting since', exportValue: (row) => row.since, cell: (row) => <Timestamp at={row.since} /> },
  {
    id: 'promised',
    title: 'Promised',
    sortKey: 'promised',
    hint: 'Earliest date with stock, after the lines ahead in the queue',
    exportValue: (row) => row.available_on ?? '',
    cell: (row) => <PromisedDate row={row} />,
  },
  {
    id: 'before',
    title: 'Ahead in queue',
    hint: 'Lines waiting longer for the same product',
    align: 'right',
    exportValue: (row) => row.lines_before,
    cell: (row) =>
      row.lines_before === 0 ? (
        <span className="muted">{row.kind === 'backorder' && row.state === 'waiting' ? 'First' : '—'}</span>
      ) : (
        <button type="button" className="link-button figure" onClick={() => onOpen(row)}>
          {describeLinesAhead(row)}
        </button>
      ),
  },
  {
    id: 'why',
    title: 'Reason',
    exportValue: (row) => row.reason,
    cell: (row) => <span className="why-waits">{row.reason.charAt(0).toUpperCase() + row.reason.slice(1)}</span>,
  },
  {
    id: 'expires',
    sortKey: 'expires_at',
    title: 'Expires',
    exportValue: (row) => row.expires_at ?? '',
    cell: (row) => <ExpiryDate at={row.expires_at} />,
  },
  { id: 'customer', title: 'Customer', hiddenByDefault: true, exportValue: (row) => row.customer_name, cell: (row) => row.customer_name },
  { id: 'instance', title: 'Channel', hiddenByDefault: true, exportValue: (row) => row.instance, cell: (row) => row.instance },
];
