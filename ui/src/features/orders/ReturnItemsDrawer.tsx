import { createReturns, getReturnable, getReturnPolicy, type NewReturn, type ReturnableLine } from '@client/returns';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice, QueryContent } from '@kit/feedback';
import { CalendarDate, formatMoney, formatQuantity } from '@kit/format';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Checkbox, Drawer, Input, InputNumber, Select } from 'antd';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';

type Outcome = 'refund' | 'replacement';

/** Return items of an order: reason, outcome and units; what is not possible says why. */
export default function ReturnItemsDrawer({ orderId, onClose }: { orderId: string; onClose: () => void }) {
  const { message } = App.useApp();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState('no_longer_needed');
  const [outcome, setOutcome] = useState<Outcome>('refund');
  const [atOnce, setAtOnce] = useState(false);
  const [override, setOverride] = useState(false);
  const [withdrawal, setWithdrawal] = useState(false);
  const [note, setNote] = useState('');
  const [units, setUnits] = useState<Record<string, number>>({});
  const policy = useQuery({ queryKey: ['returns', 'policy'], queryFn: getReturnPolicy });
  const returnable = useQuery({
    queryKey: ['order', orderId, 'returnable', reason],
    queryFn: () => getReturnable(orderId, reason),
    placeholderData: (previous) => previous,
  });
  const lines = Object.entries(units).filter(([, quantity]) => quantity > 0);
  const request: NewReturn = {
    order_id: orderId,
    outcome,
    timing: outcome === 'replacement' ? (atOnce ? 'advanced' : 'standard') : '',
    origin: 'order_manager',
    note,
    withdrawal,
    override,
    lines: lines.map(([id, quantity]) => ({ order_line_id: id, quantity, reason, comment: '' })),
  };
  const content = JSON.stringify(request);
  // A repeated request is harmless; a changed one is another request.
  const key = useMemo(() => `${crypto.randomUUID()}-${content.length}`, [content]);
  const create = useMutation({
    mutationFn: () => createReturns([request], key),
    onSuccess: ([result]) => {
      if (!result?.ok || !result.id) {
        void message.error(`${result?.reason ?? 'Not created'}. ${result?.remedy ?? ''}`);
        return;
      }
      void queryClient.invalidateQueries({ queryKey: ['order', orderId] });
      void navigate(`/returns/${result.id}`);
    },
  });

  return (
    <Drawer
      open
      size={620}
      title="Return items"
      onClose={onClose}
      footer={
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <ExplainedButton
            type="primary"
            allowed={lines.length > 0}
            disabledReason="Choose units to return"
            loading={create.isPending}
            onClick={() => create.mutate()}
          >
            Create return
          </ExplainedButton>
        </div>
      }
    >
      <div className="stack">
        {create.error && <ProblemNotice error={create.error} compact />}
        <div className="return-choices">
          <label>
            <span>Reason</span>
            <Select
              value={reason}
              onChange={setReason}
              aria-label="Reason"
              options={(policy.data?.reasons ?? []).map((one) => ({ value: one.code, label: one.title }))}
            />
          </label>
          <label>
            <span>Customer receives</span>
            <Select<Outcome>
              value={outcome}
              onChange={setOutcome}
              aria-label="Customer receives"
              options={[
                { value: 'refund', label: 'Refund' },
                { value: 'replacement', label: 'Replacement' },
              ]}
            />
          </label>
        </div>
        {outcome === 'replacement' && (
          <Checkbox checked={atOnce} onChange={(event) => setAtOnce(event.target.checked)}>
            Send the replacement at once; charge it when the goods do not come back
          </Checkbox>
        )}
        <QueryContent query={returnable} rows={5}>
          {(order) => (
            <>
              <ul className="return-lines">
                {order.lines.map((line) => (
                  <Line
                    key={line.order_line_id}
                    line={line}
                    currency={order.currency}
                    isPossible={line.allowed || ((override || withdrawal) && line.returnable > 0)}
                    quantity={units[line.order_line_id] ?? 0}
                    onChange={(quantity) => setUnits({ ...units, [line.order_line_id]: quantity })}
                  />
                ))}
              </ul>
              {order.can_withdraw && outcome === 'refund' && (
                <Checkbox checked={withdrawal} onChange={(event) => setWithdrawal(event.target.checked)}>
                  Withdrawal from the contract
                  {order.withdrawal_until && (
                    <>
                      , possible until <CalendarDate date={order.withdrawal_until} />
                    </>
                  )}
                </Checkbox>
              )}
            </>
          )}
        </QueryContent>
        <Checkbox checked={override} onChange={(event) => setOverride(event.target.checked)}>
          Override the return policy
        </Checkbox>
        <Input.TextArea value={note} onChange={(event) => setNote(event.target.value)} placeholder="Note (optional)" aria-label="Note" />
      </div>
    </Drawer>
  );
}

function Line({
  line,
  currency,
  isPossible,
  quantity,
  onChange,
}: {
  line: ReturnableLine;
  currency: string;
  isPossible: boolean;
  quantity: number;
  onChange: (quantity: number) => void;
}) {
  const name = line.name || line.product;
  return (
    <li>
      <div className="two-line">
        <span className="strong">{name}</span>
        {line.returnable > 0 && (
          <span className="muted">
            {formatQuantity(line.returnable)} of {formatQuantity(line.shipped)} {line.unit} can be returned,{' '}
            {formatMoney(line.amount, currency)}
            {Number(line.fee) > 0 && ` less ${formatMoney(line.fee, currency)}`}
            {line.until && (
              <>
                , until <CalendarDate date={line.until} />
              </>
            )}
          </span>
        )}
        {!line.allowed && <span className="muted">{line.reason.charAt(0).toUpperCase() + line.reason.slice(1)}.</span>}
      </div>
      <InputNumber
        min={0}
        max={line.returnable}
        precision={line.unit_decimals}
        value={quantity}
        disabled={!isPossible}
        onChange={(value) => onChange(value ?? 0)}
        aria-label={`Units of ${name} to return`}
      />
    </li>
  );
}
