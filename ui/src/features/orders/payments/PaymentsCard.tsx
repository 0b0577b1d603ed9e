import { getOrderPayments, type OrderPayments, type PaymentFact, type PaymentMethod } from '@client/payments';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { Money, Timestamp } from '@kit/format';
import { Card } from '@kit/layout';
import { ActionDialog } from '@kit/list';
import { StateTag } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { paymentActions } from './paymentActions';
import { kindLabel, methodLabel } from './paymentTerms';
import { RefundDialog } from './RefundDialog';

const noun = ['payment', 'payments'] as const;

/** The payments of an order: balances, methods and facts. Nothing is shown for an order without any. */
export default function PaymentsCard({ orderId }: { orderId: string }) {
  const mayRead = usePermission('payments.read');
  const query = useQuery({ queryKey: ['order', orderId, 'payments'], queryFn: () => getOrderPayments(orderId), enabled: mayRead });
  if (query.error) {
    return (
      <Card title="Payments">
        <ProblemNotice compact error={query.error} onRetry={() => void query.refetch()} />
      </Card>
    );
  }
  return query.data?.totals ? <Payments orderId={orderId} payments={query.data} /> : null;
}

function Payments({ orderId, payments }: { orderId: string; payments: OrderPayments }) {
  const queryClient = useQueryClient();
  const mayWrite = usePermission('payments.write');
  const [isRefunding, setRefunding] = useState(false);
  const [retried, setRetried] = useState<PaymentFact>();
  const refundable = Number(payments.totals?.refundable ?? 0) > 0;
  const reload = (): void => void queryClient.invalidateQueries({ queryKey: ['order', orderId] });
  const refusal = mayWrite ? 'Nothing was captured that is not refunded' : 'Your role may not refund payments';
  return (
    <Card
      title="Payments"
      extra={
        <ExplainedButton size="small" allowed={mayWrite && refundable} disabledReason={refusal} onClick={() => setRefunding(true)}>
          Refund
        </ExplainedButton>
      }
    >
      <Balances payments={payments} />
      <h3 className="payments-head">Methods</h3>
      <ul className="payments">
        {payments.methods.map((method) => (
          <Method key={method.id} method={method} currency={payments.currency} />
        ))}
      </ul>
      <h3 className="payments-head">History</h3>
      <ul className="payments" aria-label="History of payments">
        {payments.facts.map((fact) => (
          <Fact key={fact.id} fact={fact} currency={payments.currency} mayWrite={mayWrite} onRetry={() => setRetried(fact)} />
        ))}
      </ul>
      {isRefunding && <RefundDialog orderId={orderId} payments={payments} onClose={() => setRefunding(false)} onDone={reload} />}
      {retried && (
        <ActionDialog
          action={paymentActions.retry}
          selectedRows={[{ id: retried.id, label: kindLabel(retried.kind).toLowerCase() }]}
          noun={noun}
          onClose={() => setRetried(undefined)}
          onDone={reload}
        />
      )}
    </Card>
  );
}

function Balances({ payments }: { payments: OrderPayments }) {
  const { totals, currency } = payments;
  if (!totals) return null;
  const rows: readonly (readonly [string, string])[] = [
    ['Authorized', totals.authorized],
    ['Captured', totals.captured],
    ['Refunded', totals.refunded],
    ['Still to capture', totals.to_capture],
    ['Shipped and not paid', totals.uncovered],
  ];
  return (
    <dl className="price">
      {rows
        .filter(([name, amount]) => name !== 'Shipped and not paid' || Number(amount) > 0)
        .map(([name, amount]) => (
          <div key={name} className={name === 'Shipped and not paid' ? 'unpaid' : undefined}>
            <dt>{name}</dt>
            <dd>
              <Money amount={amount} currency={currency} />
            </dd>
          </div>
        ))}
    </dl>
  );
}

function Method({ method, currency }: { method: PaymentMethod; currency: string }) {
  return (
    <li>
      <span className="two-line">
        <span className="strong">{methodLabel(method.kind, method.title)}</span>
        <span className="muted">
          {method.provider_title || 'No provider here'}
          {method.reference && `, ${method.reference}`}
          {method.expires_at && (
            <>
              , expires <Timestamp at={method.expires_at} />
            </>
          )}
        </span>
      </span>
      <Money amount={method.authorized} currency={currency} />
    </li>
  );
}

function Fact({ fact, currency, mayWrite, onRetry }: { fact: PaymentFact; currency: string; mayWrite: boolean; onRetry: () => void }) {
  return (
    <li>
      <span className="two-line">
        <span>
          {kindLabel(fact.kind)} · {methodLabel(fact.method, fact.method_title)} <StateTag state={fact.state} />
        </span>
        <span className="muted">
          <Timestamp at={fact.recorded_at} /> by {fact.actor}
          {fact.reason && `: ${fact.reason}`}
        </span>
        {fact.error && <span className="muted">{fact.error}</span>}
        {fact.may_retry && (
          <span>
            <ExplainedButton
              size="small"
              allowed={mayWrite}
              disabledReason="Your role may not retry payments"
              aria-label={`Retry ${kindLabel(fact.kind).toLowerCase()}`}
              onClick={onRetry}
            >
              Retry
            </ExplainedButton>
          </span>
        )}
      </span>
      <Money amount={fact.amount} currency={currency} />
    </li>
  );
}
