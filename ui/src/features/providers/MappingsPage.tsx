import { PlusOutlined, SwapOutlined } from '@kit/icons';
import { listInstances, listMappings, type Mapping } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import { toOptions, ExportButton, FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { AddMappingDialog } from './AddMappingDialog';
import { mappingTables } from './mappingTables';
import './providers.css';

const keys = ['table', 'instance'] as const;

const rowId = (row: Mapping): string => [row.table, row.field, row.scope, row.scope_name, row.value].join('/');
const scopeLabels: Record<string, string> = { instance: 'Provider', group: 'Group', default: 'Everywhere' };

const columns: readonly ListColumn<Mapping>[] = [
  { id: 'table', title: 'Table', exportValue: (row) => row.table, cell: (row) => humanize(row.table) },
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

/** Mappings of external to internal values. The most specific scope applies: instance, group, everywhere. */
export default function MappingsPage() {
  const [values, change] = useUrlFilters(keys);
  const [adding, setAdding] = useState(false);
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const list = usePagedList({ name: 'mappings', query: values, fetch: listMappings, rowId });
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
      Add mapping
    </Button>
  );
  return (
    <Page
      title="Mappings"
      description="Translations of external values to internal values. The most specific mapping applies: provider, then group, then everywhere."
      actions={add}
    >
      <ListView
        label="Mappings"
        list={list}
        columns={columns}
        rowId={rowId}
        toolbar={
          <FilterBar
            filters={[
              { key: 'table', label: 'Table', kind: 'choice', options: toOptions(mappingTables, humanize) },
              {
                key: 'instance',
                label: 'Provider',
                kind: 'choice',
                options: (instances.data ?? []).map((instance) => ({ value: instance.name, label: instance.title || instance.name })),
              },
            ]}
            values={values}
            onChange={change}
            extra={
              <ExportButton name="mappings" columns={columns} fetch={(page, signal) => listMappings({ ...values, ...page }, signal)} />
            }
          />
        }
        empty={
          <EmptyState icon={<SwapOutlined />} title="No mappings" action={add}>
            A mapping translates an external value, such as the unit “PCS”, to an internal value, such as “ea”. Messages without a mapping
            wait in Parked messages.
          </EmptyState>
        }
      />
      {adding && <AddMappingDialog instances={instances.data ?? []} onClose={() => setAdding(false)} />}
    </Page>
  );
}
