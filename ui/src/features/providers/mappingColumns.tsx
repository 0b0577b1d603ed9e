import type { Mapping } from '@client/providers';
import type { ListColumn } from '@kit/list';
import { humanize } from '@vocabulary';
import { tableLabel } from './mappingTables';

export const mappingId = (row: Mapping): string => [row.table, row.field, row.scope, row.scope_name, row.value].join('/');
const scopeLabels: Record<string, string> = { instance: 'Provider', group: 'Group', default: 'Everywhere' };

export const mappingColumns: readonly ListColumn<Mapping>[] = [
  { id: 'table', title: 'Table', exportValue: (row) => row.table, cell: (row) => tableLabel(row.table) },
  { id: 'field', title: 'Field', exportValue: (row) => row.field, cell: (row) => <span className="muted">{row.field}</span> },
  { id: 'value', title: 'External value', exportValue: (row) => row.value, cell: (row) => <code className="strong">{row.value}</code> },
  {
    id: 'internal',
    title: 'Internal value',
    exportValue: (row) => row.internal,
    cell: (row) => <span className="strong">{row.internal}</span>,
  },
  {
    id: 'scope',
    title: 'Applies to',
    exportValue: (row) => [row.scope, row.scope_name].filter(Boolean).join(' '),
    cell: (row) => [scopeLabels[row.scope] ?? humanize(row.scope), row.scope_name].filter(Boolean).join(' '),
  },
];
