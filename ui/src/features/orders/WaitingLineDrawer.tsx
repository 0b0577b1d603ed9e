import { getWaitingLine, type WaitingDetail } from '@client/orders';
import { useLive } from '@client/live';
import { asProblem } from '@client/problem';
import { EmptyState, QueryContent } from '@kit/feedback';
import { CalendarDate, formatNumber, Timestamp } from '@kit/format';
import { HourglassOutlined } from '@kit/icons';
import { DescriptionList } from '@kit/layout';
import { type Verb, VerbDialog } from '@kit/list';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { TableHead } from '@kit/TableHead';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Drawer } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { before, Expires, kindWords, nameOf, Promised, waitingVerbs } from './waitingLineColumns';

/** One waiting line: why, what is free where, and who is before it. */
export function WaitingDrawer({ line, onClose, onDone }: { line: string; onClose: () => void; onDone: () => void }) {
  const queries = useQueryClient();
  const answer = useQuery({ queryKey: ['waiting', 'line', line], queryFn: () => getWaitingLine(line), retry: false });
  const [verb, setVerb] = useState<Verb>();
  const [picked, setPicked] = useState<{ id: string; label: string }>();
  useLive((changes) => {
    if (changes.length > 0) void queries.invalidateQueries({ queryKey: ['waiting', 'line', line] });
  }, 3000);
  const gone = answer.error !== null && asProblem(answer.error).status === 404;
  const row = gone ? undefined : answer.data?.line;
  return (
    <Drawer
      open
      size={620}
      onClose={onClose}
      title={row ? `${row.product} for order ${row.order_number}` : 'Waiting line'}
      footer={
        row && (
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            {[...waitingVerbs].reverse().map((item) => (
              <Button
                key={item.name}
                danger={item.danger}
                type={item.name === 'recheck' ? 'primary' : 'default'}
                disabled={item.name !== 'cancel' && row.state === 'released'}
                onClick={() => {
                  setPicked({ id: row.line_id, label: nameOf(row) });
                  setVerb(item);
                }}
              >
                {item.label}
              </Button>
            ))}
          </div>
        )
      }
    >
      {gone ? (
        <EmptyState icon={<HourglassOutlined />} title="This line waits no more" action={<Button onClick={onClose}>Close</Button>}>
          It found its stock, or was canceled. Its order says which.
        </EmptyState>
      ) : (
        <QueryContent answer={answer} rows={8}>
          {(found) => <Detail found={found} />}
        </QueryContent>
      )}
      {verb && picked && (
        <VerbDialog
          verb={verb}
          picked={[picked]}
          noun={['line', 'lines']}
          onClose={() => {
            setVerb(undefined);
            if (gone) onClose();
          }}
          onDone={onDone}
        />
      )}
    </Drawer>
  );
}

function Detail({ found }: { found: WaitingDetail }) {
  const { line } = found;
  const promise = `/inventory/promise?product=${encodeURIComponent(line.product)}`;
  return (
    <div className="stack">
      <p className="why-now">{line.why.charAt(0).toUpperCase() + line.why.slice(1)}.</p>
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
          ['Needs', `${formatNumber(line.quantity)} ${line.unit} from one source`],
          ['Kind', kindWords[line.kind] ?? line.kind],
          ['Waits since', <Timestamp key="since" at={line.since} as="date" />],
          ['Promised', <Promised key="promised" row={line} />],
          ['Launches', line.launch_date && <CalendarDate key="launch" date={line.launch_date} />],
          ['Canceled by itself', <Expires key="expires" at={line.expires_at} />],
        ]}
      />
      <section>
        <h3 className="drawer-head">
          Free now <Link to={promise}>when more comes</Link>
        </h3>
        {found.free.length === 0 ? (
          <p className="muted">No source has a unit of {line.product} that is free.</p>
        ) : (
          <ul className="free-at">
            {found.free.map((item) => (
              <li key={item.source} data-enough={item.units >= line.quantity}>
                <Link to={`/inventory?product=${encodeURIComponent(line.product)}&source=${encodeURIComponent(item.source)}`}>
                  {item.source}
                </Link>{' '}
                <span className="figure">{item.units >= 1_000_000_000 ? 'as many as asked' : formatNumber(item.units)}</span>
                {item.units < line.quantity && <span className="muted"> of {formatNumber(line.quantity)}</span>}
              </li>
            ))}
          </ul>
        )}
      </section>
      {line.kind === 'backorder' && line.state === 'waiting' && (
        <section>
          <h3 className="drawer-head">
            Before it{' '}
            <span className="muted">
              {line.lines_before === 0 ? 'nobody: it is first' : `${before(line)}, ${formatNumber(line.units_before)} units`}
            </span>
          </h3>
          {found.before.length > 0 && (
            <HorizontalScroll label="Before it" className="bleed-drawer">
              <table className="plain">
                <TableHead titles={['Order', 'Customer', ['Units'], 'Waits since', 'Promised']} />
                <tbody>
                  {found.before.map((entry) => (
                    <tr key={entry.line_id}>
                      <td>
                        <Link to={`/orders/${entry.order_id}`}>{entry.order_number}</Link>{' '}
                        <span className="muted">line {entry.line_number}</span>
                      </td>
                      <td>{entry.customer_name}</td>
                      <td className="num figure">{formatNumber(entry.quantity)}</td>
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
          {line.lines_before > found.before.length && (
            <p className="muted small">
              The {found.before.length} that wait longest. All of them: filter the list by {line.product}.
            </p>
          )}
        </section>
      )}
    </div>
  );
}
