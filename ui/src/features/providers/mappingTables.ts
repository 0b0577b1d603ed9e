/** Tables with mappings. */
export const mappingTables: readonly string[] = ['product', 'unit', 'account', 'price_list', 'currency', 'source'];
