/** The sorts by these keys, in both directions. */
export const sortsBy = <K extends string>(...keys: readonly K[]): readonly (K | `-${K}`)[] =>
  keys.flatMap((key): readonly (K | `-${K}`)[] => [key, `-${key}`]);

/** The sort in the address; undefined when the list cannot be sorted so. */
export const knownSort = <S extends string>(sorts: readonly S[], value: string | undefined): S | undefined =>
  sorts.find((sort) => sort === value);
