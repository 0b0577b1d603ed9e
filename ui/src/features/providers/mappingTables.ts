import { humanize } from '@vocabulary';

/** Tables with mappings. */
export const mappingTables: readonly string[] = ['product', 'unit', 'account', 'price_list', 'currency', 'warehouse'];

/** The name of a mapping table; a warehouse of a store is a source here. */
export const tableLabel = (table: string): string => (table === 'warehouse' ? 'Source' : humanize(table));
