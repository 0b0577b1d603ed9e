import type { ApiToken, RoleList, User } from '../src/client/administration';
import type { ConfigurationDocument } from '../src/client/configuration';
import type { Account, OrderableProduct } from '../src/client/masterData';
import type { NewOrder, OrderCheck } from '../src/client/orders';

export const users: User[];
export const roles: RoleList;
export const tokens: ApiToken[];
export const instanceDocuments: ConfigurationDocument[];
export const parametersSchema: Record<string, unknown>;
export const products: OrderableProduct[];
export const accounts: Account[];
export function checkOrder(order: NewOrder): OrderCheck;
