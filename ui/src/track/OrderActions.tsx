import { useState } from 'react';
import { apply, preview, RequestFailed, startReturn, type Address, type ChangeEffect, type CustomerOrder } from './api';
import { useTranslation, type MessageKey } from './messages';

type Action = 'change_address' | 'cancel' | 'start_return' | 'withdraw';
const FIELDS = ['name', 'line1', 'city', 'state', 'postal_code'] as const;
interface Props {
  token: string;
  order: CustomerOrder;
  reload: () => Promise<void>;
}

/** What the customer can do now; what is not possible says why. */
export function OrderActions(props: Props) {
  const { text, day } = useTranslation();
  const [open, setOpen] = useState<Action>();
  const [message, setMessage] = useState('');
  const { change_address, cancel_lines, start_return, withdraw } = props.order.actions;
  const offered = { change_address, cancel: cancel_lines, start_return, withdraw };
  const finish = async (said: string) => {
    setOpen(undefined);
    setMessage(said);
    await props.reload();
  };
  return (
    <section className="card">
      <h2>{text('actions')}</h2>
      {message && <p role="status">{message}</p>}
      {open ? (
        <ActionForm key={open} {...props} action={open} finish={finish} close={() => setOpen(undefined)} />
      ) : (
        <ul>
          {(Object.keys(offered) as Action[]).map((action) => (
            <li key={action}>
              {offered[action].allowed ? (
                <button
                  type="button"
                  onClick={() => {
                    setMessage('');
                    setOpen(action);
                  }}
                >
                  {text(action)}
                </button>
              ) : (
                <>
                  {text(action)}
                  <br />
                  {offered[action].reason && <span className="quiet">{text(`why_${offered[action].reason}`)}</span>}
                </>
              )}
              {offered[action].allowed && offered[action].until && (
                <span className="quiet"> {text('until', { date: day(offered[action].until) })}</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface FormProps extends Props {
  action: Action;
  finish: (said: string) => Promise<void>;
  close: () => void;
}

/** Two steps: what is wanted, then what it does to the money, to be confirmed. */
function ActionForm({ token, order, action, finish, close, reload }: FormProps) {
  const translation = useTranslation();
  const { text } = translation;
  const [address, setAddress] = useState<Address>(order.ship_to);
  const [chosen, setChosen] = useState<Record<string, number>>({});
  const [reason, setReason] = useState(order.reasons[0]?.code ?? '');
  const [effect, setEffect] = useState<ChangeEffect>();
  const [confirming, setConfirming] = useState(false);
  const [problem, setProblem] = useState<MessageKey>();
  const [key, setKey] = useState(() => crypto.randomUUID());

  const isReturn = action === 'start_return' || action === 'withdraw';
  const kind = action === 'change_address' ? 'address' : 'cancellation';
  const quantities = order.lines.filter((line) => (chosen[line.id] ?? 0) > 0);
  const body =
    action === 'change_address'
      ? { address }
      : { lines: quantities.map((line) => ({ line: line.line_number, quantity: chosen[line.id] })) };

  const attempt = async (work: () => Promise<void>) => {
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setConfirming(false);
      const refused = error instanceof RequestFailed && error.status === 409;
      setProblem(refused ? (isReturn ? 'not_possible' : 'changed_since') : 'failed');
      if (refused) await reload();
    }
  };
  const next = () =>
    attempt(async () => {
      if (action !== 'change_address' && quantities.length === 0) {
        setProblem('nothing_chosen');
        return;
      }
      if (!isReturn) setEffect(await preview(token, kind, body));
      // A repetition of the same confirmation has the same key; another content gets its own.
      setKey(crypto.randomUUID());
      setConfirming(true);
    });
  const confirm = () =>
    attempt(async () => {
      if (!isReturn) {
        await apply(token, kind, { ...body, version: effect?.version }, key);
        await finish(text('done'));
        return;
      }
      const lines = quantities.map((line) => ({
        line: line.id,
        quantity: chosen[line.id],
        reason: action === 'withdraw' ? '' : reason,
      }));
      const created = await startReturn(token, { withdrawal: action === 'withdraw', lines }, key);
      const values = { number: created.number, date: translation.moment(created.declared_at) };
      await finish(text(created.is_withdrawal ? 'withdrawal_done' : 'return_done', values));
    });

  const money = effect ? moneyText(effect, translation) : refundText(order, chosen, translation);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void (confirming ? confirm() : next());
      }}
    >
      <h3>{text(action)}</h3>
      {confirming ? (
        <div role="status">
          {summary(action, address, quantities, chosen, translation).map((part) => (
            <div key={part}>{part}</div>
          ))}
          <p className="money">{money}</p>
        </div>
      ) : action === 'change_address' ? (
        FIELDS.map((field) => (
          <label key={field}>
            {text(field)}
            <input
              required={field !== 'state'}
              value={address[field]}
              onChange={(event) => setAddress({ ...address, [field]: event.target.value })}
            />
          </label>
        ))
      ) : (
        <>
          {order.lines
            .filter((line) => (isReturn ? line.returnable : line.cancelable) > 0)
            .map((line) => (
              <label key={line.id}>
                {text('quantity', { name: line.name })}
                <input
                  type="number"
                  min={0}
                  max={isReturn ? line.returnable : line.cancelable}
                  step="any"
                  value={chosen[line.id] ?? 0}
                  onChange={(event) => setChosen({ ...chosen, [line.id]: Number(event.target.value) })}
                />
              </label>
            ))}
          {action === 'start_return' && (
            <label>
              {text('reason')}
              <select value={reason} onChange={(event) => setReason(event.target.value)}>
                {order.reasons.map(({ code, title }) => (
                  <option key={code} value={code}>
                    {translation.named(`reason_${code}`, title)}
                  </option>
                ))}
              </select>
            </label>
          )}
        </>
      )}
      {problem && (
        <p role="alert" className="problem">
          {text(problem)}
        </p>
      )}
      <div className="buttons">
        <button type="button" className="plain" onClick={confirming ? () => setConfirming(false) : close}>
          {text('back')}
        </button>
        <button type="submit">{text(!confirming ? 'next' : action === 'withdraw' ? 'confirm_withdrawal' : 'confirm')}</button>
      </div>
    </form>
  );
}

type Translator = ReturnType<typeof useTranslation>;

/** What is about to be confirmed: the new address, or the units of each item. */
function summary(
  action: Action,
  address: Address,
  lines: CustomerOrder['lines'],
  chosen: Record<string, number>,
  { text }: Translator,
): string[] {
  if (action === 'change_address')
    return [address.name, address.line1, [address.city, address.state, address.postal_code].filter(Boolean).join(' ')];
  return lines.map((line) => `${line.name}: ${text('quantity_of', { count: chosen[line.id] ?? 0 })}`);
}

function moneyText(effect: ChangeEffect, { text, money }: Translator): string {
  const difference = Number(effect.difference);
  if (difference === 0) return text('no_charge');
  const amount = money(String(Math.abs(difference)), effect.currency);
  return text(difference < 0 ? 'refund_of' : 'charge_of', { amount });
}

function refundText(order: CustomerOrder, chosen: Record<string, number>, { text, money }: Translator): string {
  let refund = 0;
  for (const line of order.lines) {
    if (line.returnable > 0) refund += (Number(line.refund) * (chosen[line.id] ?? 0)) / line.returnable;
  }
  return text('refund_about', { amount: money(String(refund), order.currency) });
}
