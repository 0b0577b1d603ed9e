import { createExtensionClient, read } from './http';

/** The name of the routes among the extensions of a session. Only a running demo has them. */
const EXTENSION = 'demo';

export const isDemoRunning = (session: { extensions?: readonly string[] }): boolean => session.extensions?.includes(EXTENSION) ?? false;

/** The simulators around a demo, and what the server knows of the tour. */
export interface Demo {
  three_pl_is_down: boolean;
  /** New orders that arrive; 0 when none do. */
  orders_per_minute: number;
  placed: number;
  /** The page of the store on which shoppers place orders. */
  storefront_url: string;
  /** The number of the newest order that was placed there. */
  storefront_order: number | null;
  /** That order, once it was received. */
  order_of_storefront: string | null;
  /** Names of the steps that this user has done. */
  done: string[];
  order_in_process: string | null;
  completed_order: string | null;
}

interface PlacedOrders {
  numbers: string[];
  sku: string;
}

interface Answer<T> {
  responses: { 200: { content: { 'application/json': T } } };
}
interface Request<Body, T> extends Answer<T> {
  requestBody: { content: { 'application/json': Body } };
}

interface DemoPaths {
  '/api/v1/demo': { get: Answer<Demo> };
  '/api/v1/demo/pace': { put: Request<{ orders_per_minute: number }, unknown> };
  '/api/v1/demo/orders': { post: Request<{ count?: number; unknown_product?: boolean }, PlacedOrders> };
  '/api/v1/demo/orders/cancel': { post: Answer<{ number: string }> };
  '/api/v1/demo/3pl/break': { post: Answer<unknown> };
  '/api/v1/demo/3pl/repair': { post: Answer<unknown> };
}

const demo = createExtensionClient<DemoPaths>();

export const demoKey = ['demo'] as const;
export const getDemo = (): Promise<Demo> => read(demo.GET('/api/v1/demo'));
export const setPace = (perMinute: number): Promise<unknown> =>
  read(demo.PUT('/api/v1/demo/pace', { body: { orders_per_minute: perMinute } }));
export const placeOrders = (count: number): Promise<PlacedOrders> => read(demo.POST('/api/v1/demo/orders', { body: { count } }));
export const placeUnknownProduct = (): Promise<PlacedOrders> => read(demo.POST('/api/v1/demo/orders', { body: { unknown_product: true } }));
export const cancelInStore = (): Promise<{ number: string }> => read(demo.POST('/api/v1/demo/orders/cancel'));
export const breakThreePl = (): Promise<unknown> => read(demo.POST('/api/v1/demo/3pl/break'));
export const repairThreePl = (): Promise<unknown> => read(demo.POST('/api/v1/demo/3pl/repair'));
