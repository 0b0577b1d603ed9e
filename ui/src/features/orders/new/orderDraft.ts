import type { NewOrder } from '@client/orders';

/** A line as it is entered; the unit is that of the product. */
export interface DraftLine {
  key: string;
  product: string;
  name: string;
  unit: string;
  variant: Record<string, string>;
  quantity: number | null;
  unitPrice: number | null;
  discount: number | null;
}

export interface DraftAddress {
  name: string;
  line1: string;
  line2: string;
  city: string;
  state: string;
  postal_code: string;
  country: string;
  phone: string;
}

/** An order as it is entered. `id` identifies it, so that sending it twice places it once. */
export interface OrderDraft {
  id: string;
  account: string;
  customer: { name: string; email: string; phone: string };
  shipTo: DraftAddress;
  billTo: DraftAddress;
  billsToShipTo: boolean;
  currency: string;
  lines: DraftLine[];
  shippingMethod: string;
  deliveryDate: string;
  shipping: number | null;
  discount: number | null;
  tax: number | null;
  note: string;
}

const STORAGE_KEY = 'openiom.new-order';
const noAddress: DraftAddress = { name: '', line1: '', line2: '', city: '', state: '', postal_code: '', country: 'US', phone: '' };

export const newLine = (): DraftLine => ({
  key: crypto.randomUUID(),
  product: '',
  name: '',
  unit: '',
  variant: {},
  quantity: 1,
  unitPrice: null,
  discount: null,
});

export const newDraft = (): OrderDraft => ({
  id: crypto.randomUUID(),
  account: '',
  customer: { name: '', email: '', phone: '' },
  shipTo: noAddress,
  billTo: noAddress,
  billsToShipTo: true,
  currency: 'USD',
  lines: [newLine()],
  shippingMethod: '',
  deliveryDate: '',
  shipping: null,
  discount: null,
  tax: null,
  note: '',
});

/** The draft of this tab, which survives a reload and an expired session. */
export function storedDraft(): OrderDraft {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null') as OrderDraft | null;
    return stored === null ? newDraft() : { ...newDraft(), ...stored };
  } catch {
    return newDraft();
  }
}
export const storeDraft = (draft: OrderDraft): void => sessionStorage.setItem(STORAGE_KEY, JSON.stringify(draft));
export const forgetDraft = (): void => sessionStorage.removeItem(STORAGE_KEY);

/** The lines with a product, in the order in which they are sent. */
export const sentLines = (draft: OrderDraft): DraftLine[] => draft.lines.filter((line) => line.product.trim() !== '');

const trimmed = <T extends object>(values: T): T =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? value.trim() : (value as unknown)]),
  ) as T;
const amount = (name: string, value: number | null): Record<string, string> => (value === null ? {} : { [name]: String(value) });
const text = (name: string, value: string): Record<string, string> => (value.trim() === '' ? {} : { [name]: value.trim() });

/** The order document of a draft, without its number and total, which the server gives. */
export function orderOf(draft: OrderDraft, placedAt: string): NewOrder {
  const shipTo = trimmed(draft.shipTo);
  return {
    external_id: draft.id,
    placed_at: placedAt,
    origin: 'manual',
    currency: draft.currency,
    ...text('account', draft.account),
    customer: trimmed(draft.customer),
    ship_to: shipTo,
    bill_to: draft.billsToShipTo ? shipTo : trimmed(draft.billTo),
    ...text('shipping_method', draft.shippingMethod),
    ...text('requested_delivery_date', draft.deliveryDate),
    ...amount('shipping_amount', draft.shipping),
    ...amount('discount_amount', draft.discount),
    ...amount('tax_amount', draft.tax),
    ...text('note', draft.note),
    lines: sentLines(draft).map((line, index) => ({
      external_id: String(index + 1),
      product: line.product.trim(),
      name: line.name,
      unit: line.unit,
      quantity: line.quantity === null ? '' : String(line.quantity),
      ...amount('unit_price', line.unitPrice),
      ...amount('discount', line.discount),
      ...(Object.keys(line.variant).length > 0 ? { variant: line.variant } : {}),
    })),
  };
}

const dimensionNames: Record<string, string> = { sizeid: 'size', colorid: 'color', styleid: 'style', configid: 'configuration' };

/** The variants of a product of which stock is kept, from the dimensions of its stock. */
export function variantsOf(keys: readonly { dimensions: Record<string, string> }[]): Record<string, string>[] {
  const found = new Map<string, Record<string, string>>();
  for (const { dimensions } of keys) {
    const variant: Record<string, string> = {};
    for (const [dimension, value] of Object.entries(dimensions)) {
      const name = dimensionNames[dimension];
      if (name !== undefined && value !== '') variant[name] = value;
    }
    if (Object.keys(variant).length > 0) found.set(JSON.stringify(variant), variant);
  }
  return [...found.values()];
}
