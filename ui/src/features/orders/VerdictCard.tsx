import type { OrderDetail } from '@client/orders';
import { CalendarDate, Timestamp, formatNumber } from '@kit/format';
import { ExplainedButton } from '@kit/ExplainedButton';
import { RedoOutlined, PlayCircleOutlined } from '@kit/icons';
import { ActionDialog } from '@kit/list';
import { toneIcon } from '@kit/states';
import type { Tone } from '@kit/tokens';
import { usePermission } from '@kit/usePermission';
import { reasonLabel } from '@vocabulary';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { blockedText } from './Blocked';
import { orderActions } from './orderActions';

type Verdict = OrderDetail['verdict'];

const tones: Record<Verdict['status'], Tone> = {
  canceled: 'ended',
  delivered: 'done',
  shipped: 'done',
  completed: 'done',
  on_hold: 'attention',
  failed: 'failed',
  blocked: 'failed',
  waiting_for_stock: 'attention',
  waiting_for_launch: 'attention',
  waiting_for_capacity: 'attention',
  sending: 'progress',
  awaiting_fulfiller: 'moving',
  in_progress: 'progress',
};

/** Whether the order keeps its promise and what it waits for, with what the user can do about it. */
export function VerdictCard({ order }: { order: OrderDetail }) {
  const { verdict } = order;
  const [action, setAction] = useState<'release' | 'reprocess'>();
  const isPaused = verdict.status === 'blocked' && order.blocked?.cause === 'paused';
  const tone = isPaused
    ? 'attention'
    : verdict.timeliness === 'late' && tones[verdict.status] !== 'failed'
      ? 'attention'
      : tones[verdict.status];
  return (
    <section className="verdict" data-tone={tone} aria-label="Verdict" role="status">
      <span className="verdict-icon" aria-hidden="true">
        {toneIcon(tone)}
      </span>
      <div className="verdict-text">
        {!saysEnoughWithoutPromise(verdict) && (
          <p className="verdict-promise">
            <PromiseText verdict={verdict} />
          </p>
        )}
        <p className={saysEnoughWithoutPromise(verdict) ? 'verdict-promise' : undefined}>
          {verdict.status === 'blocked' && order.blocked ? blockedText(order.blocked) : sentence(verdict.text)}
          <Since verdict={verdict} />
          {verdict.expected_on && (
            <>
              , expected <CalendarDate date={verdict.expected_on} />
            </>
          )}
        </p>
        {verdict.status === 'blocked' && (
          <p className="muted">
            {order.blocked?.cause === 'paused'
              ? 'The order continues on its own once the provider is resumed.'
              : 'The order continues on its own once the connection works again.'}
          </p>
        )}
      </div>
      <div className="verdict-action">
        <Action order={order} onAct={setAction} />
      </div>
      {action && <ActionReport order={order} action={action} onClose={() => setAction(undefined)} />}
    </section>
  );
}

const ended: readonly Verdict['status'][] = ['canceled', 'delivered', 'shipped', 'completed'];

/** Whether an order without a promise has ended: that nothing was promised is not worth a line then. */
const saysEnoughWithoutPromise = ({ status, basis, promised_on }: Verdict): boolean =>
  ended.includes(status) && basis === '' && !promised_on;

/** A text of the server that may end with a reason of the vocabulary. */
function sentence(text: string): string {
  const [start = '', ...reason] = text.split(': ');
  return reason.length === 0 ? reasonLabel(start) : `${start}: ${reasonLabel(reason.join(': '))}`;
}

function PromiseText({ verdict }: { verdict: Verdict }) {
  const day = verdict.basis === 'plan' ? verdict.planned_on : verdict.promised_on;
  if (!day) return <>No delivery date was promised.</>;
  return (
    <>
      {verdict.basis === 'plan' ? 'Planned to ship' : 'Promised'} <CalendarDate date={day} />
      {outcome(verdict)}
    </>
  );
}

function outcome({ timeliness, days_late, status }: Verdict): string {
  if (timeliness === '') return '';
  if (timeliness === 'on_time') return status === 'delivered' ? ', delivered on time' : ', on time';
  const days = `${formatNumber(days_late)} ${days_late === 1 ? 'day' : 'days'} late`;
  return status === 'delivered' ? `, delivered ${days}` : `, ${days}`;
}

function Since({ verdict }: { verdict: Verdict }): ReactNode {
  // A blocked order says since when in its text.
  if (!verdict.since || verdict.status === 'blocked') return null;
  return (
    <span className="muted">
      {' · '}
      <Timestamp at={verdict.since} />
    </span>
  );
}

function Action({ order, onAct }: { order: OrderDetail; onAct: (action: 'release' | 'reprocess') => void }) {
  const { action, target } = order.verdict;
  if (action === 'release' || action === 'reprocess') return <ActionButton action={action} onClick={() => onAct(action)} />;
  if (action === 'open_connection')
    return (
      <Link to={`/providers/${encodeURIComponent(target)}`}>{order.blocked?.cause === 'paused' ? 'Open provider' : 'Open connection'}</Link>
    );
  if (action === 'open_waiting_line') return <Link to={`/waiting-lines?open=${target}`}>Open waiting line</Link>;
  if (action === 'open_fulfillment_order') return <Link to={`/fulfillment-orders/${target}`}>Open fulfillment order</Link>;
  return null;
}

const buttons = {
  release: {
    label: 'Release the hold',
    icon: <PlayCircleOutlined />,
    permission: 'orders.write',
    refusal: 'Your role may not change orders',
  },
  reprocess: {
    label: 'Reprocess',
    icon: <RedoOutlined />,
    permission: 'orchestration.write',
    refusal: 'Your role may not change flow runs',
  },
} as const;

function ActionButton({ action, onClick }: { action: 'release' | 'reprocess'; onClick: () => void }) {
  const { label, icon, permission, refusal } = buttons[action];
  const mayAct = usePermission(permission);
  return (
    <ExplainedButton type="primary" icon={icon} allowed={mayAct} disabledReason={refusal} onClick={onClick}>
      {label}
    </ExplainedButton>
  );
}

/** It is beside the button, not in it: its report stays when the order no longer needs the action. */
function ActionReport({ order, action, onClose }: { order: OrderDetail; action: 'release' | 'reprocess'; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ActionDialog
      action={orderActions[action]}
      selectedRows={[{ id: order.id, label: order.number }]}
      noun={['order', 'orders']}
      onClose={onClose}
      onDone={() => {
        for (const queryKey of [['order', order.id], ['orders'], ['runs']]) void queryClient.invalidateQueries({ queryKey });
      }}
    />
  );
}
