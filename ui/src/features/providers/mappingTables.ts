/** What can be mapped between their words and ours. */
export const mappingTables: readonly string[] = ['product', 'unit', 'account', 'price_list', 'currency', 'source'];
