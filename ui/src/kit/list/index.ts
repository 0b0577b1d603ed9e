export { BulkBar, type Verb, VerbDialog } from './BulkActionBar';
export { type ListColumn, useColumns } from './columns';
export { ExportButton } from './ExportButton';
export { choices, type Filter, FilterBar, useUrlFilters } from './FilterBar';
export { ListView } from './ListView';
export { figureColumn, stockFilters, WorkList } from './ActionableList';
export { type PagedList, usePagedList } from './usePagedList';
