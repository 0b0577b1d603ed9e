import type { Shape } from '@client/inventory';
import { humanize } from '@vocabulary';

/** What a measure of a source system is called; one without a system is our own bookkeeping. */
export function measureTitle(shape: Shape | undefined, system: string, measure: string): string {
  const match = shape?.systems.find((item) => item.name === system)?.measures.find((entry) => entry.name === measure);
  return match?.title ?? humanize(measure);
}

export const systemTitle = (shape: Shape | undefined, system: string): string =>
  shape?.systems.find((item) => item.name === system)?.title ?? system;

export const dimensionTitle = (shape: Shape | undefined, name: string): string =>
  shape?.dimensions.find((dimension) => dimension.name === name)?.title ?? humanize(name);

/** Dimension values as one reads them: "ColorId red, SizeId M". */
export const describeDimensions = (shape: Shape | undefined, values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${dimensionTitle(shape, name)} ${value}`)
    .join(', ');

/** Stock moved, was reserved, came in or expired. */
export const isStockEvent = (name: string): boolean => /inventory|reservation|fulfillment|onhand|shipped|shipment|cancel|stock/.test(name);

/** An id for an act that is counted once, however often it is sent. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `by-hand-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** A positive number with at most four decimals. */
export const isQuantity = (text: string): boolean => /^\d{1,10}(\.\d{1,4})?$/.test(text) && Number(text) > 0;
