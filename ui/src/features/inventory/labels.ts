import type { Shape } from '@client/inventory';
import { humanize } from '@vocabulary';

/** The title of a measure of a source system. */
export function measureTitle(shape: Shape | undefined, system: string, measure: string): string {
  const match = shape?.systems.find((item) => item.name === system)?.measures.find((entry) => entry.name === measure);
  return match?.title ?? humanize(measure);
}

export const systemTitle = (shape: Shape | undefined, system: string): string =>
  shape?.systems.find((item) => item.name === system)?.title ?? system;

export const dimensionTitle = (shape: Shape | undefined, name: string): string =>
  shape?.dimensions.find((dimension) => dimension.name === name)?.title ?? humanize(name);

/** Dimension values as text: "ColorId red, SizeId M". */
export const describeDimensions = (shape: Shape | undefined, values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${dimensionTitle(shape, name)} ${value}`)
    .join(', ');

/** Whether an event changes stock or reservations. */
export const isStockEvent = (name: string): boolean => /inventory|reservation|fulfillment|onhand|shipped|shipment|cancel|stock/.test(name);

/** A request id, with which repeated requests take effect once. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `by-hand-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** A positive number with at most four decimals. */
export const isQuantity = (text: string): boolean => /^\d{1,10}(\.\d{1,4})?$/.test(text) && Number(text) > 0;
