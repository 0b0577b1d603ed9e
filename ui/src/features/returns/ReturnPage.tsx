import { useLive } from '@client/live';
import { getReturn, getReturnPolicy, getReturnTimeline, inspectUnits, recordPayments, type ReturnDetail } from '@client/returns';
import { DetailsView } from '@kit/DetailsView';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice, QueryContent } from '@kit/feedback';
import { CalendarDate, formatQuantity, formatVariant, Money, Quantity, Timestamp } from '@kit/format';
import { Card, DescriptionList, Page } from '@kit/layout';
import { RecordActions } from '@kit/list';
import { Badge, StateTag, toneIcon } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import { eventTitle } from '@vocabulary';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { Link, useNavigate, useParams } from 'react-router';
import './returns.css';
import { amountLabels, dispositionLabels, originLabels, outcomeLabels, paymentLabels, returnActions } from './returnActions';
import { MatchCard } from './MatchCard';
import { UnitsForm, type UnitsEntry } from './UnitsForm';

const moves = ['approve', 'refuse', 'close', 'cancel'] as const;

export default function ReturnPage() {
  const { id = '' } = useParams();
  const queryClient = useQueryClient();
  const query = useQuery({ queryKey: ['return', id], queryFn: () => getReturn(id) });
  const mayWrite = usePermission('returns.write');
  useLive((changes) => {
    const root = query.data?.order_id ?? id;
    if (changes.some((change) => change.subject_id === id || change.root_id === root))
      void queryClient.invalidateQueries({ queryKey: ['return', id] });
  });
  return (
    <Page
      breadcrumb={
        <Link to="/returns" className="crumb">
          Returns
        </Link>
      }
      title={query.data?.number ?? 'Return'}
      documentTitle={query.data?.number ?? 'Return'}
      actions={query.data && <Actions item={query.data} />}
    >
      <QueryContent query={query} rows={8}>
        {(item) => (
          <>
            <Card title="What happens now" extra={<StateTag state={item.state} />}>
              <p className="return-verdict">{item.verdict}</p>
            </Card>
            <div className="main-side">
              <div className="stack">
                <Lines item={item} />
                {mayWrite && item.actions.match.allowed && <MatchCard item={item} />}
                <Inspect item={item} />
                <Checked item={item} />
              </div>
              <div className="stack">
                <Summary item={item} />
                <Amounts item={item} />
                <Timeline id={item.id} />
              </div>
            </div>
          </>
        )}
      </QueryContent>
    </Page>
  );
}

function Actions({ item }: { item: ReturnDetail }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const mayWrite = usePermission('returns.write');
  const refused = 'Your role may not change returns';
  return (
    <>
      <ExplainedButton
        type="primary"
        allowed={mayWrite && item.actions.receive.allowed}
        disabledReason={mayWrite ? item.actions.receive.reason : refused}
        onClick={() => void navigate(`/returns/receive?search=${item.number}`)}
      >
        Receive
      </ExplainedButton>
      <RecordActions
        record={{ id: item.id, label: item.number }}
        noun={['return', 'returns']}
        actions={moves.map((name) => ({
          action: returnActions[name],
          allowed: mayWrite && item.actions[name].allowed,
          reason: mayWrite ? item.actions[name].reason : refused,
        }))}
        onDone={() => void queryClient.invalidateQueries({ queryKey: ['return', item.id] })}
      />
    </>
  );
}

function Lines({ item }: { item: ReturnDetail }) {
  return (
    <Card title="Lines" flush>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Reason</th>
            <th scope="col" className="num">
              To return
            </th>
            <th scope="col" className="num">
              Received
            </th>
            <th scope="col" className="num">
              Inspected
            </th>
          </tr>
        </thead>
        <tbody>
          {item.lines.map((line) => (
            <tr key={line.id}>
              <td>
                <span className="two-line">
                  <span className="strong">{line.name || line.product}</span>
                  <span className="muted">{[line.product, formatVariant(line.variant)].filter(Boolean).join(' · ')}</span>
                </span>
              </td>
              <td>
                <span className="two-line">
                  <span>{line.reason_title || '—'}</span>
                  {line.comment && <span className="muted">{line.comment}</span>}
                </span>
              </td>
              <td className="num">
                <Quantity value={line.quantity - line.canceled} unit={line.unit} />
              </td>
              <td className="num">
                <Quantity value={line.received} unit={line.unit} />
              </td>
              <td className="num">
                <Quantity value={line.inspected} unit={line.unit} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

/** One form for each line with received units that wait for inspection. */
function Inspect({ item }: { item: ReturnDetail }) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const policy = useQuery({ queryKey: ['returns', 'policy'], queryFn: getReturnPolicy });
  const mayWrite = usePermission('returns.write');
  const inspect = useMutation({
    mutationFn: (entry: UnitsEntry) => inspectUnits([entry], crypto.randomUUID()),
    onSuccess: ([result]) => {
      void (result?.ok ? message.success('Inspected') : message.error(result?.reason));
      void queryClient.invalidateQueries({ queryKey: ['return', item.id] });
    },
  });
  const waiting = item.lines.filter((line) => line.uninspected > 0);
  if (!mayWrite || waiting.length === 0) return null;
  return (
    <Card title="Inspect received units" flush>
      {inspect.error && <ProblemNotice error={inspect.error} compact />}
      <QueryContent query={policy}>
        {(found) => (
          <>
            {waiting.map((line) => (
              <UnitsForm
                key={`${line.id}-${line.uninspected}`}
                line={line}
                most={line.uninspected}
                policy={found}
                action="Inspect"
                busy={inspect.isPending}
                onSubmit={(entry) => inspect.mutate(entry)}
              />
            ))}
          </>
        )}
      </QueryContent>
    </Card>
  );
}

function Checked({ item }: { item: ReturnDetail }) {
  const inspections = item.lines.flatMap((line) => line.inspections.map((one) => ({ ...one, line })));
  const receipts = item.lines.flatMap((line) => line.receipts.map((one) => ({ ...one, line })));
  return (
    <Card title="Receipts and inspections">
      {receipts.length === 0 ? (
        <p className="muted">Nothing has come back yet.</p>
      ) : (
        <ul className="stack" style={{ gap: 6 }}>
          {receipts.map((one) => (
            <li key={`receipt-${one.line.id}-${one.received_at}`}>
              Received {formatQuantity(one.quantity)} {one.line.unit} of {one.line.name || one.line.product} at {one.place},{' '}
              <Timestamp at={one.received_at} /> by {one.received_by}
            </li>
          ))}
          {inspections.map((one, index) => (
            <li key={`inspection-${one.line.id}-${index}`}>
              Inspected {formatQuantity(one.quantity)} {one.line.unit} of {one.line.name || one.line.product}: {one.condition},{' '}
              {dispositionLabels[one.disposition]?.toLowerCase()} at {one.place}, <Timestamp at={one.inspected_at} /> by {one.inspected_by}
            </li>
          ))}
        </ul>
      )}
      {item.parcels.map((parcel) => (
        <p key={parcel.id} className="muted">
          Parcel {parcel.carrier} {parcel.tracking_number}
          {parcel.also_in_it.length > 0 && `, with ${parcel.also_in_it.join(', ')}`}
        </p>
      ))}
    </Card>
  );
}

function Summary({ item }: { item: ReturnDetail }) {
  return (
    <Card title="Summary">
      <DescriptionList
        items={[
          [
            'Order',
            item.order_id && (
              <Link key="order" to={`/orders/${item.order_id}`}>
                {item.order_number}
              </Link>
            ),
          ],
          ['Customer', item.customer_name],
          ['Outcome', outcomeLabels[item.outcome] ?? item.outcome],
          [
            'New order',
            item.replacement_order_id && (
              <Link key="new" to={`/orders/${item.replacement_order_id}`}>
                {item.replacement_order_number}
              </Link>
            ),
          ],
          ['Requested by', originLabels[item.origin] ?? item.origin],
          ['Requested', <Timestamp key="declared" at={item.declared_at} />],
          ['Right of withdrawal', item.is_withdrawal && 'Declared'],
          ['Expected by', item.deadline && <CalendarDate key="deadline" date={item.deadline} />],
          ['Refund by', item.refund_due_on && <CalendarDate key="due" date={item.refund_due_on} />],
          ['Terms', [...new Set(item.lines.map((line) => String(line.terms.title)))].join(', ')],
          ['Note', item.note],
        ]}
      />
    </Card>
  );
}

function Amounts({ item }: { item: ReturnDetail }) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const mayWrite = usePermission('returns.write');
  const record = useMutation({
    mutationFn: (id: string) => recordPayments([id], ''),
    onSuccess: ([result]) => {
      void (result?.ok ? message.success('Recorded') : message.error(result?.reason));
      void queryClient.invalidateQueries({ queryKey: ['return', item.id] });
    },
  });
  return (
    <Card title="Refund">
      {record.error && <ProblemNotice error={record.error} compact />}
      {item.amounts.length === 0 && <p className="muted">Nothing is due yet.</p>}
      {item.amounts.map((amount) => (
        <div key={amount.id} className="stack" style={{ gap: 6 }}>
          <div className="row" style={{ justifyContent: 'space-between' }}>
            <span className="strong">
              {amountLabels[amount.kind] ?? amount.kind} <Money amount={amount.amount} currency={item.currency} strong />
            </span>
            <Badge tone={amount.state === 'completed' ? 'done' : amount.state === 'failed' ? 'failed' : 'attention'}>
              {paymentLabels[amount.state] ?? amount.state}
            </Badge>
          </div>
          <DescriptionList
            items={[
              ['Goods', <Money key="goods" amount={amount.goods} currency={item.currency} />],
              ['Shipping and fees', Number(amount.costs) > 0 && <Money key="costs" amount={amount.costs} currency={item.currency} />],
              ['Kept', Number(amount.fee) > 0 && <Money key="fee" amount={amount.fee} currency={item.currency} />],
              ['Reference', amount.reference],
              ['Reason', amount.reason],
            ]}
          />
          {amount.state !== 'completed' && mayWrite && (
            <Button loading={record.isPending} onClick={() => record.mutate(amount.id)}>
              Record as paid
            </Button>
          )}
        </div>
      ))}
    </Card>
  );
}

function Timeline({ id }: { id: string }) {
  const query = useQuery({ queryKey: ['return', id, 'timeline'], queryFn: () => getReturnTimeline(id) });
  return (
    <Card title="Timeline">
      <QueryContent query={query} rows={4}>
        {(events) => (
          <ol className="timeline">
            {events.map((event) => (
              <li key={event.id} data-tone="neutral">
                <span className="mark" aria-hidden="true">
                  {toneIcon('neutral')}
                </span>
                <div className="what">{eventTitle(event.name, event.title)}</div>
                <div className="fine">
                  <Timestamp at={event.occurred_at} />
                  <span>by {event.actor}</span>
                </div>
                <details>
                  <summary>Details</summary>
                  <DetailsView value={event.data} />
                </details>
              </li>
            ))}
          </ol>
        )}
      </QueryContent>
    </Card>
  );
}
