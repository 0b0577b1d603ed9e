import { PlusOutlined, SwapOutlined } from '@kit/icons';
import { listInstances, listMappings, type Mapping } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import { choices, ExportButton, FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { inWords } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { AddMapping } from './AddMappingDialog';
import { mappingTables } from './mappingTables';
import './providers.css';

const keys = ['table', 'instance'] as const;

const idOf = (row: Mapping): string => [row.table, row.field, row.scope, row.scope_name, row.value].join('/');
const scopeWords: Record<string, string> = { instance: 'Only', group: 'Group', default: 'Everywhere' };

const columns: readonly ListColumn<Mapping>[] = [
  { key: 'table', title: 'Table', text: (row) => row.table, render: (row) => inWords(row.table) },
  { key: 'field', title: 'Field', text: (row) => row.field, render: (row) => <span className="muted">{row.field}</span> },
  { key: 'value', title: 'Their value', text: (row) => row.value, render: (row) => <code className="strong">{row.value}</code> },
  { key: 'internal', title: 'Our value', text: (row) => row.internal, render: (row) => <span className="strong">{row.internal}</span> },
  {
    key: 'scope',
    title: 'Holds for',
    text: (row) => [row.scope, row.scope_name].filter(Boolean).join(' '),
    render: (row) => [scopeWords[row.scope] ?? inWords(row.scope), row.scope_name].filter(Boolean).join(' '),
  },
];

/** What outside systems call things, and what we call them. The narrowest scope wins: instance, then group, then everywhere. */
export default function MappingsPage() {
  const [values, change] = useUrlFilters(keys);
  const [adding, setAdding] = useState(false);
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const list = usePagedList({ name: 'mappings', query: values, fetch: listMappings, idOf });
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
      Add mapping
    </Button>
  );
  return (
    <Page
      title="Mappings"
      lead="What outside systems call things, and what we call them. The narrowest one wins: one provider, then its group, then everywhere."
      actions={add}
    >
      <ListView
        label="Mappings"
        list={list}
        columns={columns}
        idOf={idOf}
        toolbar={
          <FilterBar
            filters={[
              { key: 'table', label: 'Table', kind: 'choice', options: choices(mappingTables, inWords) },
              {
                key: 'instance',
                label: 'Provider',
                kind: 'choice',
                options: (instances.data ?? []).map((one) => ({ value: one.name, label: one.title || one.name })),
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
            When a store calls a unit “PCS” and you call it “ea”, a mapping says so. Messages that miss one wait under Parked messages and
            go on once it exists.
          </EmptyState>
        }
      />
      {adding && <AddMapping instances={instances.data ?? []} onClose={() => setAdding(false)} />}
    </Page>
  );
}
