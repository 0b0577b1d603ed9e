import { PlusOutlined } from '@kit/icons';
import { getOrderChanges, type OrderChanges, undoChange } from '@client/orderChanges';
import { getOrder, type OrderDetail } from '@client/orders';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { NumberField, TextField } from '@kit/forms/fields';
import { Card, FoldedCard, Page } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Skeleton } from 'antd';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { AddressFields } from '../new/AddressFields';
import { LineFields } from '../new/LineFields';
import '../new/newOrder.css';
import { newLine } from '../new/orderDraft';
import './change.css';
import { type ChangeDraft, changeDraft, type LineEdit, lineEdit, operationsOf } from './changeDraft';
import { ChangeLineFields } from './ChangeLineFields';
import { ChangePreviewContent } from './ChangePreviewCard';
import { useApply, usePreview } from './usePreview';

/** Edit an order: what is entered is previewed at once, and applied to the version that was previewed. */
export default function EditOrderPage() {
  const { id = '' } = useParams();
  const order = useQuery({ queryKey: ['order', id], queryFn: () => getOrder(id) });
  const changes = useQuery({ queryKey: ['order', id, 'changes'], queryFn: () => getOrderChanges(id) });
  const crumb = (
    <Link to={`/orders/${id}`} className="crumb">
      {order.data ? `Order ${order.data.number}` : 'Order'}
    </Link>
  );
  if (order.data && changes.data)
    return (
      <Page
        breadcrumb={crumb}
        title={`Edit order ${order.data.number}`}
        description="What you change is shown at the right before it is applied. Nothing changes until you apply it."
      >
        <EditForm key={id} order={order.data} changes={changes.data} />
      </Page>
    );
  const error = order.error ?? changes.error;
  return (
    <Page title="Edit order" breadcrumb={crumb}>
      {error ? <ProblemNotice error={error} onRetry={() => void order.refetch()} /> : <Skeleton active paragraph={{ rows: 10 }} />}
    </Page>
  );
}

function EditForm({ order, changes }: { order: OrderDetail; changes: OrderChanges }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { message, notification } = App.useApp();
  const mayWrite = usePermission('orders.write');
  const [draft, setDraft] = useState<ChangeDraft>(() => changeDraft(order));
  // What others change meanwhile stays: only what is entered here counts as a change.
  const [base] = useState(order);
  const operations = operationsOf(base, draft);
  const { preview, isCurrent, isEmpty } = usePreview(order.id, operations);
  const apply = useApply(order.id, draft.id, (change) => {
    void navigate(`/orders/${order.id}`);
    const key = change.id;
    const undo = async (): Promise<void> => {
      notification.destroy(key);
      try {
        await undoChange(order.id, change.id);
        message.success('The change was undone');
      } catch (error) {
        message.error(error instanceof Error ? error.message : 'The change was not undone');
      }
      await queryClient.invalidateQueries({ queryKey: ['order', order.id] });
    };
    notification.success({
      key,
      title: `Order ${order.number} changed`,
      description: change.words.join('. '),
      actions: <Button onClick={() => void undo()}>Undo</Button>,
      duration: 20,
    });
  });
  const set = (part: Partial<ChangeDraft>): void => setDraft((before) => ({ ...before, ...part }));
  const setLine = (number: number, part: Partial<LineEdit>, before: LineEdit): void =>
    setDraft((current) => ({ ...current, lines: { ...current.lines, [number]: { ...before, ...current.lines[number], ...part } } }));
  const edit = changes.edit;
  const why = !mayWrite
    ? 'Your role may not change orders'
    : isEmpty
      ? 'Change something first'
      : preview.error
        ? preview.error.message
        : isCurrent
          ? ''
          : 'The preview is being computed';
  const stock = new Map((isEmpty ? [] : (preview.data?.stock ?? [])).map((need) => [need.line_number, need]));
  const open = base.lines.filter((line) => line.canceled < line.quantity);

  return (
    <form
      className="main-side"
      aria-label="Edit order"
      onSubmit={(event) => {
        event.preventDefault();
        if (why === '' && preview.data) apply.mutate({ operations, preview: preview.data, reason: draft.reason.trim() });
      }}
    >
      <div className="stack">
        {!edit.allowed && <p className="change-refusal">Only goodwill can be given: {edit.reason}.</p>}
        {edit.allowed && (
          <>
            <Card title="Lines">
              <div className="form-rows">
                {open.map((line) => {
                  const current = draft.lines[line.line_number] ?? lineEdit(line);
                  return (
                    <ChangeLineFields
                      key={line.id}
                      line={line}
                      edit={current}
                      currency={order.currency}
                      stock={stock.get(line.line_number)}
                      onChange={(part) => setLine(line.line_number, part, current)}
                    />
                  );
                })}
                {draft.added.map((line, index) => (
                  <LineFields
                    key={line.key}
                    line={line}
                    index={order.lines.length + index}
                    currency={order.currency}
                    checked={undefined}
                    errorOf={() => undefined}
                    onChange={(part) =>
                      set({ added: draft.added.map((other) => (other.key === line.key ? { ...other, ...part } : other)) })
                    }
                    onRemove={() => set({ added: draft.added.filter((other) => other.key !== line.key) })}
                  />
                ))}
                <Button
                  style={{ justifySelf: 'start' }}
                  icon={<PlusOutlined />}
                  onClick={() => set({ added: [...draft.added, newLine()] })}
                >
                  Add line
                </Button>
              </div>
            </Card>
            <Card title="Delivery and discount">
              <div className="form">
                <TextField label="Shipping method" value={draft.shippingMethod} onChange={(shippingMethod) => set({ shippingMethod })} />
                <NumberField label="Shipping" unit={order.currency} value={draft.shipping} onChange={(shipping) => set({ shipping })} />
                <TextField
                  type="date"
                  label="Requested delivery"
                  value={draft.deliveryDate}
                  onChange={(deliveryDate) => set({ deliveryDate })}
                />
                <NumberField
                  label="Discount of the order"
                  unit={order.currency}
                  value={draft.discount}
                  onChange={(discount) => set({ discount })}
                />
              </div>
            </Card>
            <FoldedCard title="Ship to" summary={placeOf(draft.shipTo)}>
              <AddressFields
                value={draft.shipTo}
                errorOf={() => undefined}
                onChange={(part) => set({ shipTo: { ...draft.shipTo, ...part } })}
              />
            </FoldedCard>
            <FoldedCard title="Bill to" summary={draft.billTo ? placeOf(draft.billTo) : 'Not given'}>
              <AddressFields
                value={draft.billTo ?? draft.shipTo}
                errorOf={() => undefined}
                onChange={(part) => set({ billTo: { ...(draft.billTo ?? draft.shipTo), ...part } })}
              />
            </FoldedCard>
          </>
        )}
        <Card title="Goodwill">
          <div className="form">
            <NumberField
              label="Amount given back"
              unit={order.currency}
              value={draft.goodwill}
              onChange={(goodwill) => set({ goodwill })}
            />
            <TextField
              label="Reason of the goodwill"
              hint="Needed for goodwill"
              value={draft.goodwillReason}
              onChange={(goodwillReason) => set({ goodwillReason })}
            />
          </div>
        </Card>
      </div>
      <div className="stack new-order-side">
        <Card title="Preview">
          <ChangePreviewContent
            preview={isEmpty ? undefined : preview.data}
            isCurrent={isCurrent}
            error={isEmpty ? null : (apply.error ?? preview.error)}
          />
        </Card>
        <Card title="Apply">
          <div className="stack" style={{ gap: 12 }}>
            <TextField
              multiline
              label="Reason"
              hint="Optional, shown in the history"
              value={draft.reason}
              onChange={(reason) => set({ reason })}
            />
            <div className="change-buttons">
              <Button onClick={() => void navigate(`/orders/${order.id}`)}>Discard</Button>
              <ExplainedButton type="primary" htmlType="submit" loading={apply.isPending} allowed={why === ''} disabledReason={why}>
                Apply change
              </ExplainedButton>
            </div>
          </div>
        </Card>
      </div>
    </form>
  );
}

const placeOf = (address: ChangeDraft['shipTo']): string => [address.name, address.line1, address.city].filter(Boolean).join(', ');
