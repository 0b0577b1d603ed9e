export { BulkActionBar as BulkBar, type BulkAction as Verb, ActionDialog as VerbDialog } from './BulkActionBar';
export { type ListColumn, useColumns } from './columns';
export { ExportButton } from './ExportButton';
export { toOptions as choices, type Filter, FilterBar, useUrlFilters } from './FilterBar';
export { ListView } from './ListView';
export { numberColumn as figureColumn, stockFilters, ActionableList as WorkList } from './ActionableList';
export { type PagedList, usePagedList } from './usePagedList';
