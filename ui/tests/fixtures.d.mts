import type { OrderDetail, OrderRow } from '@client/orders';
import type { FlowDetail } from '@client/orchestration';
import type { MissingGroup } from '@client/providers';

export const orders: OrderRow[];
export function order(id: string): OrderDetail | undefined;
export const flow: FlowDetail;
export const missingKeys: MissingGroup[];
export const timeline: unknown[];
export const flowRuns: unknown[];
export const failedFlowRun: unknown;
export const sourcing: unknown[];
