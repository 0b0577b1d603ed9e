export { BulkActionBar, type BulkAction, type RowsDialog, type RowsDialogProps, ActionDialog } from './BulkActionBar';
export { type ListColumn, useColumns } from './columns';
export { ExportButton } from './ExportButton';
export { toOptions, type Filter, FilterBar, type ListViews, useUrlFilters } from './FilterBar';
export { ListView, type Sort } from './ListView';
export { countFirstPage, matchingByPage, type MatchingRows, type Portion } from './matching';
export { numberColumn, stockFilters, ActionableList } from './ActionableList';
export { knownSort, sortsBy } from './sorts';
export { type PagedList, usePagedList } from './usePagedList';
