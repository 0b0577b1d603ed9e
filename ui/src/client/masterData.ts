import { listSources } from './inventory';
import { read, withoutEmpty, api } from './http';

/** A record that a mapping can name. */
export interface MappedRecord {
  name: string;
  title: string;
  sku?: string;
  unit?: string;
  price?: string | null;
  currency?: string;
}

/** A product that can be ordered. */
export interface OrderableProduct {
  number: string;
  name: string;
  sku: string;
  unit: string;
  currency: string;
  list_price: string | null;
}

/** A customer account. */
export interface Account {
  name: string;
  title: string;
  company: string;
  email: string;
  phone: string;
  on_hold: boolean;
}

export const searchProducts = async (search: string): Promise<OrderableProduct[]> =>
  (await read(api.GET('/api/v1/products', { params: { query: withoutEmpty({ search, limit }) } }))).items;
export const searchAccounts = async (search: string): Promise<Account[]> =>
  (await read(api.GET('/api/v1/accounts', { params: { query: withoutEmpty({ search, limit }) } }))).items;
export const listCurrencies = async (): Promise<string[]> => (await read(api.GET('/api/v1/currencies'))).items.map(({ name }) => name);

const limit = 20;
const includes = (record: MappedRecord, search: string): boolean =>
  `${record.name} ${record.title}`.toLowerCase().includes(search.toLowerCase());

async function findProducts(search: string): Promise<MappedRecord[]> {
  const page = await read(api.GET('/api/v1/products', { params: { query: withoutEmpty({ search, limit }) } }));
  return page.items.map(({ number, name, sku, unit, list_price, currency }) => ({
    name: number,
    title: name,
    sku,
    unit,
    price: list_price,
    currency,
  }));
}

const lists: Record<string, (search: string) => Promise<MappedRecord[]>> = {
  product: findProducts,
  account: async (search) => (await read(api.GET('/api/v1/accounts', { params: { query: withoutEmpty({ search, limit }) } }))).items,
  unit: async () => (await read(api.GET('/api/v1/units'))).items,
  currency: async () => (await read(api.GET('/api/v1/currencies'))).items,
  price_list: async () => (await read(api.GET('/api/v1/price-lists'))).items,
  warehouse: async () => (await listSources()).map(({ name, title }) => ({ name, title })),
};

/** Records of a mapping table by text. */
export async function findRecords(table: string, search: string): Promise<MappedRecord[]> {
  const found = (await lists[table]?.(search)) ?? [];
  return table === 'product' || table === 'account' ? found : found.filter((record) => includes(record, search)).slice(0, limit);
}

/** One record by its exact name, null when there is none. */
export async function findRecord(table: string, name: string): Promise<MappedRecord | null> {
  return (await findRecords(table, name)).find((record) => record.name === name) ?? null;
}
