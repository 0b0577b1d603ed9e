import { ExplainedButton } from '@kit/ExplainedButton';
import { getWaitingLine, type WaitingDetail } from '@client/orders';
import { useLive } from '@client/live';
import { asProblem } from '@client/problem';
import { EmptyState, QueryContent } from '@kit/feedback';
import { CalendarDate, formatQuantity, Timestamp } from '@kit/format';
import { HourglassOutlined } from '@kit/icons';
import { DescriptionList } from '@kit/layout';
import { type BulkAction, ActionDialog } from '@kit/list';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { TableHead } from '@kit/TableHead';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Drawer } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { describeLinesAhead, ExpiryDate, waitingKindLabels, waitingLineName, PromisedDate, waitingLineActions } from './waitingLineColumns';

/** A waiting line with available stock and the lines ahead of it. */
export function WaitingLineDrawer({ line, onClose, onDone }: { line: string; onClose: () => void; onDone: () => void }) {
  const queryClient = useQueryClient();
  const query = useQuery({ queryKey: ['waiting', 'line', line], queryFn: () => getWaitingLine(line), retry: false });
  const [action, setAction] = useState<BulkAction>();
  const [selectedLine, setSelectedLine] = useState<{ id: string; label: string }>();
  useLive((changes) => {
    if (changes.length > 0) void queryClient.invalidateQueries({ queryKey: ['waiting', 'line', line] });
  }, 3000);
  const notFound = query.error !== null && asProblem(query.error).status === 404;
  const row = notFound ? undefined : query.data?.line;
  return (
    <Drawer
      open
      size={620}
      onClose={onClose}
      title={row ? `${row.product} for order ${row.order_number}` : 'Waiting line'}
      footer={
        row && (
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            {[...waitingLineActions].reverse().map((item) => (
              <ExplainedButton
                key={item.name}
                danger={item.danger}
                type={item.name === 'recheck' ? 'primary' : 'default'}
                allowed={item.name === 'cancel' || row.state !== 'released'}
                disabledReason="The line is released already and will be sourced"
                onClick={() => {
                  setSelectedLine({ id: row.line_id, label: waitingLineName(row) });
                  setAction(item);
                }}
              >
                {item.label}
              </ExplainedButton>
            ))}
          </div>
        )
      }
    >
      {notFound ? (
        <EmptyState icon={<HourglassOutlined />} title="This line is no longer waiting" action={<Button onClick={onClose}>Close</Button>}>
          It was sourced or canceled. Open the order for details.
        </EmptyState>
      ) : (
        <QueryContent query={query} rows={8}>
          {(detail) => <WaitingLineDetails detail={detail} />}
        </QueryContent>
      )}
      {action && selectedLine && (
        <ActionDialog
          action={action}
          selectedRows={[selectedLine]}
          noun={['line', 'lines']}
          onClose={() => {
            setAction(undefined);
            if (notFound) onClose();
          }}
          onDone={onDone}
        />
      )}
    </Drawer>
  );
}

function WaitingLineDetails({ detail }: { detail: WaitingDetail }) {
  const { line } = detail;
  const promisePath = `/inventory/promise?product=${encodeURIComponent(line.product)}`;
  return (
    <div className="stack">
      <p className="why-now">{line.reason.charAt(0).toUpperCase() + line.reason.slice(1)}.</p>
      <DescriptionList
        columns={3}
        items={[
          [
            'Order',
            <Link key="order" to={`/orders/${line.order_id}`}>
              {line.order_number}, line {line.line_number}
            </Link>,
          ],
          ['Customer', line.customer_name],
          ['Channel', line.instance],
          ['Needs', `${formatQuantity(line.quantity)} ${line.unit} from one source`],
          ['Kind', waitingKindLabels[line.kind] ?? line.kind],
          ['Waiting since', <Timestamp key="since" at={line.since} format="date" />],
          ['Promised', <PromisedDate key="promised" row={line} />],
          ['Launches', line.launch_date && <CalendarDate key="launch" date={line.launch_date} />],
          ['Expires', <ExpiryDate key="expires" at={line.expires_at} />],
        ]}
      />
      <section>
        <h3 className="drawer-head">
          Available now <Link to={promisePath}>View future supply</Link>
        </h3>
        {detail.free.length === 0 ? (
          <p className="muted">No source has available stock of {line.product}.</p>
        ) : (
          <ul className="free-at">
            {detail.free.map((item) => (
              <li key={item.source} data-enough={item.units >= line.stock_quantity}>
                <Link to={`/inventory?product=${encodeURIComponent(line.product)}&source=${encodeURIComponent(item.source)}`}>
                  {item.source}
                </Link>{' '}
                <span className="figure">{item.units >= 1_000_000_000 ? 'unlimited' : formatQuantity(item.units)}</span>
                {item.units < line.stock_quantity && <span className="muted"> of {formatQuantity(line.stock_quantity)}</span>}
              </li>
            ))}
          </ul>
        )}
      </section>
      {line.kind === 'backorder' && line.state === 'waiting' && (
        <section>
          <h3 className="drawer-head">
            Ahead in queue{' '}
            <span className="muted">
              {line.lines_before === 0 ? 'first in queue' : `${describeLinesAhead(line)}, ${formatQuantity(line.units_before)} units`}
            </span>
          </h3>
          {detail.before.length > 0 && (
            <HorizontalScroll label="Lines ahead in queue" className="bleed-drawer">
              <table className="plain">
                <TableHead titles={['Order', 'Customer', ['Units'], 'Waiting since', 'Promised']} />
                <tbody>
                  {detail.before.map((entry) => (
                    <tr key={entry.line_id}>
                      <td>
                        <Link to={`/orders/${entry.order_id}`}>{entry.order_number}</Link>{' '}
                        <span className="muted">line {entry.line_number}</span>
                      </td>
                      <td>{entry.customer_name}</td>
                      <td className="num figure">
                        {formatQuantity(entry.quantity)} {entry.unit}
                      </td>
                      <td>
                        <Timestamp at={entry.since} />
                      </td>
                      <td>
                        <CalendarDate date={entry.available_on} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </HorizontalScroll>
          )}
          {line.lines_before > detail.before.length && (
            <p className="muted small">
              Showing the {detail.before.length} longest-waiting lines. Filter the list by {line.product} to see all.
            </p>
          )}
        </section>
      )}
    </div>
  );
}
