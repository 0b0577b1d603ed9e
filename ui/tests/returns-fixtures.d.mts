import type { ReturnableOrder, ReturnDetail, ReturnEvent, ReturnPolicy, ReturnRow } from '../src/client/returns';

export const returns: ReturnRow[];
export function returnOrder(id: string): ReturnDetail | undefined;
export const returnPolicy: ReturnPolicy;
export const returnTimeline: ReturnEvent[];
export const returnable: ReturnableOrder;
