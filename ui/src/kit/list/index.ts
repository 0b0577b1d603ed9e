export { BulkActionBar, type BulkAction, ActionDialog } from './BulkActionBar';
export { type ListColumn, useColumns } from './columns';
export { ExportButton } from './ExportButton';
export { toOptions, type Filter, FilterBar, useUrlFilters } from './FilterBar';
export { ListView, type Sort } from './ListView';
export { numberColumn, stockFilters, ActionableList } from './ActionableList';
export { type PagedList, usePagedList } from './usePagedList';
