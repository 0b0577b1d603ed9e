import { type OrderPayments, refundOrders } from '@client/payments';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { formatMoney } from '@kit/format';
import { useMutation } from '@tanstack/react-query';
import { Button, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { methodLabel } from './paymentTerms';

const isAmount = /^\d+(\.\d+)?$/;

/** Why an amount cannot be refunded, or undefined. */
export function refundProblem(amount: string, available: string): string | undefined {
  if (!isAmount.test(amount.trim()) || Number(amount) === 0) return 'Enter an amount above zero';
  return Number(amount) > Number(available) ? 'More than may be refunded' : undefined;
}

/** Refund an order: the amount is prefilled with what may be refunded. Input is kept on failure. */
export function RefundDialog({
  orderId,
  payments,
  onClose,
  onDone,
}: {
  orderId: string;
  payments: OrderPayments;
  onClose: () => void;
  onDone: () => void;
}) {
  const [key] = useState(() => crypto.randomUUID());
  const refundable = payments.methods.filter((method) => Number(method.refundable) > 0);
  const total = payments.totals?.refundable ?? '0';
  const [method, setMethod] = useState('');
  const [amount, setAmount] = useState(total);
  const [reason, setReason] = useState('');
  const available = refundable.find((one) => one.id === method)?.refundable ?? total;
  const problem = refundProblem(amount, available) ?? (reason.trim() === '' ? 'Enter a reason' : undefined);
  const mutation = useMutation({
    mutationFn: () => refundOrders([{ order_id: orderId, key, amount: amount.trim(), method_id: method || null, reason: reason.trim() }]),
    onSuccess: ([result]) => {
      if (result?.ok) {
        onDone();
        onClose();
      }
    },
  });
  const refusal = mutation.data?.[0]?.ok === false ? mutation.data[0].reason : '';
  const isElsewhere = refundable.some((one) => one.provider === '' && (method === '' || one.id === method));
  const choose = (id: string): void => {
    setMethod(id);
    setAmount(refundable.find((one) => one.id === id)?.refundable ?? total);
  };
  return (
    <Modal
      open
      title="Refund"
      onCancel={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <ExplainedButton
            type="primary"
            danger
            loading={mutation.isPending}
            allowed={problem === undefined}
            disabledReason={problem ?? ''}
            onClick={() => mutation.mutate()}
          >
            Refund {isAmount.test(amount.trim()) ? formatMoney(amount.trim(), payments.currency) : ''}
          </ExplainedButton>
        </>
      }
    >
      <div className="stack">
        <label className="field">
          <span>Method</span>
          <Select
            aria-label="Method"
            value={method}
            onChange={choose}
            options={[
              { value: '', label: 'Last used first' },
              ...refundable.map((one) => ({
                value: one.id,
                label: `${methodLabel(one.kind, one.title)}, up to ${formatMoney(one.refundable, payments.currency)}`,
              })),
            ]}
          />
        </label>
        <label className="field">
          <span>
            Amount in {payments.currency}, at most {formatMoney(available, payments.currency)}
          </span>
          <Input inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />
        </label>
        <label className="field">
          <span>Reason</span>
          <Input
            maxLength={500}
            placeholder="For example: arrived damaged"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {isElsewhere && (
          <p className="muted">What was paid with a method without a provider is recorded only. Return that money where it was captured.</p>
        )}
        {refusal !== '' && <p role="alert">Not refunded: {refusal}.</p>}
        {mutation.error && <ProblemNotice compact error={mutation.error} />}
      </div>
    </Modal>
  );
}
