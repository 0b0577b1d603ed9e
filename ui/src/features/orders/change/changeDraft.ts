import type { ChangeOperation } from '@client/orderChanges';
import type { Address, OrderDetail, OrderLine } from '@client/orders';
import type { DraftAddress, DraftLine } from '../new/orderDraft';

/** What is entered for a line; an empty exchange keeps its product. */
export interface LineEdit {
  quantity: number | null;
  unitPrice: number | null;
  discount: number | null;
  removed: boolean;
  exchange: DraftLine | null;
}

/** A change as it is entered; `id` identifies it, so that applying it twice changes the order once. */
export interface ChangeDraft {
  id: string;
  lines: Record<number, LineEdit>;
  added: DraftLine[];
  shipTo: DraftAddress;
  billTo: DraftAddress | null;
  deliveryDate: string;
  shippingMethod: string;
  shipping: number | null;
  discount: number | null;
  goodwill: number | null;
  goodwillReason: string;
  reason: string;
}

const addressFields = ['name', 'line1', 'line2', 'city', 'state', 'postal_code', 'country', 'phone'] as const;
const entered = (address: Address): DraftAddress =>
  Object.fromEntries(addressFields.map((name) => [name, address[name]])) as unknown as DraftAddress;

export const lineEdit = (line: OrderLine): LineEdit => ({
  quantity: line.quantity,
  unitPrice: Number(line.unit_price),
  discount: Number(line.discount),
  removed: false,
  exchange: null,
});

/** The draft that changes nothing. */
export const changeDraft = (order: OrderDetail): ChangeDraft => ({
  id: crypto.randomUUID(),
  lines: Object.fromEntries(order.lines.map((line) => [line.line_number, lineEdit(line)])),
  added: [],
  shipTo: entered(order.ship_to),
  billTo: order.bill_to ? entered(order.bill_to) : null,
  deliveryDate: order.requested_delivery_date ?? '',
  shippingMethod: order.shipping_method,
  shipping: Number(order.amounts.shipping),
  discount: Number(order.amounts.discount),
  goodwill: null,
  goodwillReason: '',
  reason: '',
});

const variantOf = (variant: Record<string, string>) => (Object.keys(variant).length > 0 ? { variant } : {});

function lineOperations(line: OrderLine, edit: LineEdit): ChangeOperation[] {
  const number = line.line_number;
  if (edit.removed) return [{ kind: 'remove_line', line: number }];
  const found: ChangeOperation[] = [];
  if (edit.quantity !== null && edit.quantity !== line.quantity)
    found.push({ kind: 'change_quantity', line: number, quantity: String(edit.quantity) });
  if (edit.unitPrice !== null && edit.unitPrice !== Number(line.unit_price) && edit.exchange === null)
    found.push({ kind: 'set_unit_price', line: number, unit_price: String(edit.unitPrice) });
  if (edit.discount !== null && edit.discount !== Number(line.discount))
    found.push({ kind: 'set_discount', line: number, amount: String(edit.discount) });
  const exchange = edit.exchange;
  if (exchange !== null && exchange.unit !== '')
    found.push({
      kind: 'exchange_line',
      line: number,
      product: exchange.product.trim(),
      ...variantOf(exchange.variant),
      ...(edit.unitPrice === null ? {} : { unit_price: String(edit.unitPrice) }),
    });
  return found;
}

const isSame = (one: DraftAddress, other: DraftAddress): boolean => addressFields.every((name) => one[name] === other[name]);

/** The operations of a draft, in the order in which they are applied. */
export function operationsOf(order: OrderDetail, draft: ChangeDraft): ChangeOperation[] {
  const before = changeDraft(order);
  const found: ChangeOperation[] = [];
  for (const line of draft.added) {
    if (line.unit === '' || line.quantity === null) continue;
    found.push({
      kind: 'add_line',
      product: line.product.trim(),
      unit: line.unit,
      quantity: String(line.quantity),
      unit_price: String(line.unitPrice ?? 0),
      discount: String(line.discount ?? 0),
      ...variantOf(line.variant),
    });
  }
  for (const line of order.lines) {
    const edit = draft.lines[line.line_number];
    if (edit !== undefined) found.push(...lineOperations(line, edit));
  }
  if (!isSame(before.shipTo, draft.shipTo)) found.push({ kind: 'set_ship_to', address: { ...order.ship_to, ...trimmed(draft.shipTo) } });
  if (draft.billTo !== null && (before.billTo === null || !isSame(before.billTo, draft.billTo)))
    found.push({ kind: 'set_bill_to', address: { ...order.bill_to, ...trimmed(draft.billTo) } });
  if (draft.deliveryDate !== before.deliveryDate) found.push({ kind: 'set_requested_date', date: draft.deliveryDate || null });
  if (draft.shippingMethod !== before.shippingMethod || draft.shipping !== before.shipping)
    found.push({ kind: 'set_shipping_method', method: draft.shippingMethod.trim(), amount: String(draft.shipping ?? 0) });
  if (draft.discount !== before.discount) found.push({ kind: 'set_discount', amount: String(draft.discount ?? 0) });
  if (draft.goodwill !== null && draft.goodwill !== 0 && draft.goodwillReason.trim() !== '')
    found.push({ kind: 'goodwill', amount: String(draft.goodwill), reason: draft.goodwillReason.trim() });
  return found;
}

const trimmed = (address: DraftAddress): DraftAddress =>
  Object.fromEntries(Object.entries(address).map(([name, value]: [string, string]) => [name, value.trim()])) as unknown as DraftAddress;

/** Why a line cannot be edited; empty when it can. */
export function lineRefusal(line: OrderLine): string {
  if (line.quantity - line.shipped - line.canceled > 0) return '';
  return line.canceled >= line.quantity ? 'Every unit of the line was canceled' : 'Every unit of the line has shipped; start a return';
}
