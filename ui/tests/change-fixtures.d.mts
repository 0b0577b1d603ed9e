import type { AppliedChange, ChangePreview, OrderChanges } from '@client/orderChanges';

type Operations = readonly { kind: string; line?: unknown; product?: unknown }[];
export const changes: OrderChanges;
export const noChanges: OrderChanges;
export function previewChange(operations: Operations): ChangePreview;
export function appliedChange(orderId: string, operations: Operations): AppliedChange;
