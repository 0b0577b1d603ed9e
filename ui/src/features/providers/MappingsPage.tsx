import { PlusOutlined, SwapOutlined } from '@kit/icons';
import { listInstances, listMappings, type Mapping } from '@client/providers';
import { ExplainedButton } from '@kit/ExplainedButton';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import { toOptions, ExportButton, FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { usePermission } from '@kit/usePermission';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { AddMappingDialog } from './AddMappingDialog';
import { DeleteMappingDialog } from './DeleteMappingDialog';
import { mappingColumns as columns, mappingId as rowId } from './mappingColumns';
import { mappingTables, tableLabel } from './mappingTables';
import './providers.css';

const keys = ['search', 'table', 'instance'] as const;

type Dialog = { kind: 'add' } | { kind: 'edit' | 'delete'; mapping: Mapping };

const refusal = 'Your role may not change mappings';

function actionsColumn(mayChange: boolean, open: (dialog: Dialog) => void): ListColumn<Mapping> {
  return {
    id: 'actions',
    title: 'Actions',
    cell: (mapping) => (
      <span className="row">
        {(['edit', 'delete'] as const).map((kind) => (
          <ExplainedButton
            key={kind}
            size="small"
            danger={kind === 'delete'}
            allowed={mayChange}
            disabledReason={refusal}
            aria-label={`${humanize(kind)} mapping of ${mapping.value}`}
            onClick={() => open({ kind, mapping })}
          >
            {humanize(kind)}
          </ExplainedButton>
        ))}
      </span>
    ),
  };
}

/** Mappings of external to internal values. The most specific scope applies: instance, group, everywhere. */
export default function MappingsPage() {
  const [values, change] = useUrlFilters(keys);
  const [dialog, setDialog] = useState<Dialog>();
  const mayChange = usePermission('providers.write');
  const listed = useMemo(() => [...columns, actionsColumn(mayChange, setDialog)], [mayChange]);
  const close = (): void => setDialog(undefined);
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const list = usePagedList({ name: 'mappings', query: values, fetch: listMappings, rowId });
  const add = (
    <ExplainedButton
      type="primary"
      icon={<PlusOutlined />}
      allowed={mayChange}
      disabledReason={refusal}
      onClick={() => setDialog({ kind: 'add' })}
    >
      Add mapping
    </ExplainedButton>
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
        columns={listed}
        rowId={rowId}
        toolbar={
          <FilterBar
            search="External or internal value"
            filters={[
              { key: 'table', label: 'Table', kind: 'choice', options: toOptions(mappingTables, tableLabel) },
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
          Object.keys(values).length > 0 ? (
            <EmptyState
              icon={<SwapOutlined />}
              title="No matching mappings"
              action={
                <Button onClick={() => change({ search: undefined, table: undefined, instance: undefined })}>Show all mappings</Button>
              }
            >
              No results match these filters.
            </EmptyState>
          ) : (
            <EmptyState icon={<SwapOutlined />} title="No mappings" action={add}>
              A mapping translates an external value, such as the unit “PCS”, to an internal value, such as “ea”. Messages without a mapping
              wait in Parked messages.
            </EmptyState>
          )
        }
      />
      {dialog?.kind === 'delete' && <DeleteMappingDialog mapping={dialog.mapping} onDone={list.reload} onClose={close} />}
      {dialog?.kind === 'add' && <AddMappingDialog instances={instances.data ?? []} onDone={list.reload} onClose={close} />}
      {dialog?.kind === 'edit' && (
        <AddMappingDialog instances={instances.data ?? []} edited={dialog.mapping} onDone={list.reload} onClose={close} />
      )}
    </Page>
  );
}
