import { PlusOutlined } from '@kit/icons';
import { listDocuments } from '@client/configuration';
import { listCurrencies } from '@client/masterData';
import type { ProblemPart } from '@client/problem';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { fieldErrors, problemText } from '@kit/forms/fieldErrors';
import { asRecords, asText, CheckboxField, Field, NumberField, SelectField, TextField } from '@kit/forms/fields';
import { Card, Page } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { useQuery } from '@tanstack/react-query';
import { App, AutoComplete, Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { AddressFields } from './AddressFields';
import { CustomerFields } from './CustomerFields';
import { LineFields } from './LineFields';
import { type DraftLine, forgetDraft, newDraft, newLine, type OrderDraft, sentLines, storeDraft, storedDraft } from './orderDraft';
import { OrderTotals } from './OrderTotals';
import { useOrderCheck, usePlaceOrder } from './usePlaceOrder';
import './newOrder.css';

const MAX_LINES = 200;

/** Enter an order by hand. The draft is kept in the tab until it is placed. */
export default function NewOrderPage() {
  const navigate = useNavigate();
  const { message } = App.useApp();
  const [draft, setDraft] = useState<OrderDraft>(storedDraft);
  const [isAttempted, setAttempted] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const mayPlace = usePermission('orders.write');
  const currencies = useQuery({ queryKey: ['currencies'], queryFn: listCurrencies });
  const { check, isCurrent } = useOrderCheck(draft);
  const place = usePlaceOrder(draft, ({ id, number }) => {
    forgetDraft();
    message.success(`Order ${number} placed`);
    void navigate(`/orders/${id}`);
  });
  useEffect(() => storeDraft(draft), [draft]);
  const set = (part: Partial<OrderDraft>): void => setDraft((before) => ({ ...before, ...part }));
  const setLine = (key: string, part: Partial<DraftLine>): void =>
    setDraft((before) => ({ ...before, lines: before.lines.map((line) => (line.key === key ? { ...line, ...part } : line)) }));

  const problems = new Map<string, ProblemPart>((check.data?.problems ?? []).map((part) => [part.where, part]));
  /** A problem is shown at once for a value that is entered, and for a missing one after the attempt to place the order. */
  const problemAt = (path: string, label: string, isEmpty: boolean): string | undefined => {
    const part = problems.get(path);
    return part === undefined || (isEmpty && !isAttempted) ? undefined : problemText(label, { what: part.what, remedy: '' });
  };
  const sent = sentLines(draft);
  const submit = (): void => {
    setAttempted(true);
    place.mutate(undefined, {
      onError: () => setTimeout(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), 0),
    });
  };
  const refused = fieldErrors(place.error, [...problems.keys()]);
  const isRefusedAtFields = place.error !== null && refused.isComplete;

  return (
    <Page
      breadcrumb={
        <Link to="/orders" className="crumb">
          Sales orders
        </Link>
      }
      title="New order"
      description="Enter an order that a customer placed by phone or e-mail. What you enter is kept in this tab until the order is placed."
      actions={
        <Button
          onClick={() => {
            forgetDraft();
            setDraft(newDraft());
            setAttempted(false);
            place.reset();
          }}
        >
          Start over
        </Button>
      }
    >
      <form
        ref={form}
        className="main-side"
        aria-label="New order"
        onSubmit={(event) => {
          event.preventDefault();
          if (mayPlace) submit();
        }}
      >
        <div className="stack">
          <Card title="Lines">
            <div className="form-rows">
              {draft.lines.map((line, index) => {
                const position = sent.indexOf(line);
                return (
                  <LineFields
                    key={line.key}
                    line={line}
                    index={index}
                    currency={draft.currency}
                    checked={position < 0 ? undefined : check.data?.lines[position]}
                    errorOf={(name, label, isEmpty) =>
                      position < 0
                        ? isAttempted && sent.length === 0 && name === 'product'
                          ? 'Choose a product.'
                          : undefined
                        : problemAt(`lines[${position}].${name}`, label, isEmpty)
                    }
                    onChange={(part) => setLine(line.key, part)}
                    onRemove={
                      draft.lines.length === 1 ? undefined : () => set({ lines: draft.lines.filter((other) => other.key !== line.key) })
                    }
                  />
                );
              })}
              <ExplainedButton
                style={{ justifySelf: 'start' }}
                icon={<PlusOutlined />}
                allowed={draft.lines.length < MAX_LINES}
                disabledReason={`An order has ${MAX_LINES} lines at most`}
                onClick={() => set({ lines: [...draft.lines, newLine()] })}
              >
                Add line
              </ExplainedButton>
            </div>
          </Card>
          <Card title="Customer">
            <CustomerFields
              draft={draft}
              errorOf={(path, label) => problemAt(path, label, path === 'account' && draft.account === '')}
              onChange={set}
            />
          </Card>
          <Card title="Ship to">
            <AddressFields
              value={draft.shipTo}
              errorOf={(name, label) => problemAt(`ship_to.${name}`, label, draft.shipTo[name].trim() === '')}
              onChange={(part) => set({ shipTo: { ...draft.shipTo, ...part } })}
            />
          </Card>
          <Card title="Bill to">
            <div className="stack" style={{ gap: 12 }}>
              <CheckboxField
                label="Same as the ship-to address"
                value={draft.billsToShipTo}
                onChange={(billsToShipTo) => set({ billsToShipTo })}
              />
              {!draft.billsToShipTo && (
                <AddressFields
                  value={draft.billTo}
                  errorOf={(name, label) => problemAt(`bill_to.${name}`, label, draft.billTo[name].trim() === '')}
                  onChange={(part) => set({ billTo: { ...draft.billTo, ...part } })}
                />
              )}
            </div>
          </Card>
        </div>
        <div className="stack new-order-side">
          <Card title="Shipping and amounts">
            <div className="form new-order-amounts">
              <ShippingMethod value={draft.shippingMethod} onChange={(shippingMethod) => set({ shippingMethod })} />
              <TextField
                wide
                type="date"
                label="Requested delivery"
                error={problemAt('requested_delivery_date', 'Requested delivery', draft.deliveryDate === '')}
                value={draft.deliveryDate}
                onChange={(deliveryDate) => set({ deliveryDate })}
              />
              <SelectField
                label="Currency"
                error={problemAt('currency', 'Currency', false)}
                value={draft.currency}
                options={(currencies.data ?? [draft.currency]).map((code) => ({ value: code, label: code }))}
                onChange={(currency) => set({ currency })}
              />
              {(['shipping', 'discount', 'tax'] as const).map((name) => (
                <NumberField
                  key={name}
                  label={{ shipping: 'Shipping', discount: 'Order discount', tax: 'Tax' }[name]}
                  error={problemAt(
                    `${name}_amount`,
                    { shipping: 'Shipping', discount: 'Order discount', tax: 'Tax' }[name],
                    draft[name] === null,
                  )}
                  value={draft[name]}
                  onChange={(value) => set({ [name]: value })}
                />
              ))}
              <TextField wide multiline label="Note" value={draft.note} onChange={(note) => set({ note })} />
            </div>
          </Card>
          <Card title="Total">
            <div className="stack" style={{ gap: 12 }}>
              <OrderTotals check={check.data} isCurrent={isCurrent} />
              {check.error && !check.data && <ProblemNotice compact error={check.error} onRetry={() => void check.refetch()} />}
              {place.error !== null && !refused.isComplete && <ProblemNotice compact error={place.error} />}
              {isRefusedAtFields && (
                <p role="alert" className="field-problem">
                  Not placed yet. Correct the {problems.size === 1 ? 'marked field' : `${problems.size} marked fields`}.
                </p>
              )}
              <ExplainedButton
                block
                type="primary"
                htmlType="submit"
                allowed={mayPlace}
                disabledReason="Your role may not place orders"
                loading={place.isPending}
              >
                Place order
              </ExplainedButton>
            </div>
          </Card>
        </div>
      </form>
    </Page>
  );
}

function ShippingMethod({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const mayRead = usePermission('configuration.read');
  const carriers = useQuery({
    queryKey: ['configuration', 'carrier'],
    queryFn: () => listDocuments('carrier'),
    enabled: mayRead,
    retry: false,
  });
  const services = (carriers.data ?? []).flatMap((carrier) => asRecords(carrier.body.services).map((service) => asText(service.name)));
  return (
    <Field wide label="Shipping method">
      {(id) => (
        <AutoComplete
          id={id}
          allowClear
          placeholder="Such as Ground"
          value={value}
          options={[...new Set(services.filter(Boolean))].map((service) => ({ value: service }))}
          onChange={(next?: string) => onChange(next ?? '')}
        />
      )}
    </Field>
  );
}
