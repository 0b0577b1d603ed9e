import type { OrderPayments, PaymentRow } from '@client/payments';
import type { FulfillmentOrderDetail, FulfillmentOrderRow } from '../src/client/fulfillment';
import type { Source } from '../src/client/inventory';
import type { FlowDetail, FlowRow, Policy, Run, StepCounts } from '../src/client/orchestration';
import type { Mention, Note, Person, UsedTag, WatchedOrder } from '../src/client/collaboration';
import type { Home } from '../src/client/home';
import type { OrderDetail, OrderRow, SourcingDecision, SourcingMove } from '../src/client/orders';
import type {
    CatalogEntry,
    Mapping,
    MappingRelease,
    MessageRow,
    MissingGroup,
    ProviderCall,
    ProviderInstance,
} from '../src/client/providers';

import type { SessionInfo } from '../src/client/session';

export const orders: OrderRow[];
export function order(id: string): OrderDetail | undefined;
export const fulfillmentOrders: FulfillmentOrderRow[];
export const payments: OrderPayments;
export const paymentRows: PaymentRow[];
export function fulfillmentOrder(id: string): FulfillmentOrderDetail | undefined;
export const flow: FlowDetail;
export const flows: FlowRow[];
export const flowCounts: { steps: Record<string, StepCounts> };
export const runs: Run[];
export const policies: Policy[];
export const instances: ProviderInstance[];
export const catalog: CatalogEntry[];
export const calls: ProviderCall[];
export const messages: MessageRow[];
export const mappingRelease: MappingRelease;
export const session: SessionInfo;
export const missingKeys: MissingGroup[];
export const mappings: Mapping[];
export const sources: Source[];
export const payload: unknown;
export const colleagues: Person[];
export const notes: Note[];
export const mentions: Mention[];
export const watchedOrders: WatchedOrder[];
export const usedTags: UsedTag[];
export const timeline: unknown[];
export const flowRuns: unknown[];
export const failedFlowRun: unknown;
export const sourcing: SourcingDecision[];
export const moves: SourcingMove[];
export const verdict: Omit<OrderDetail['verdict'], 'status' | 'text'>;
export const home: Home;
