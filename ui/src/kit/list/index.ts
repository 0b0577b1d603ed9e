export { BulkBar, type Verb, VerbDialog } from './BulkBar';
export { type ListColumn, useColumns } from './columns';
export { ExportButton } from './ExportButton';
export { choices, type Filter, FilterBar, useUrlFilters } from './filters';
export { ListView } from './ListView';
export { figureColumn, stockFilters, WorkList } from './WorkList';
export { type PagedList, usePagedList } from './usePagedList';
