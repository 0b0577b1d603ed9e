import { PlusOutlined, SwapOutlined } from '@kit/icons';
import { listMappings, type ProviderInstance } from '@client/providers';
import { ExplainedButton } from '@kit/ExplainedButton';
import { EmptyState } from '@kit/feedback';
import { FilterBar, ListView, toOptions, usePagedList, useUrlFilters } from '@kit/list';
import { usePermission } from '@kit/usePermission';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { AddMappingDialog } from './AddMappingDialog';
import { mappingColumns, mappingId } from './mappingColumns';
import { mappingTables, tableLabel } from './mappingTables';

/** The mappings of one provider itself; those of its group and for everywhere are on the page of mappings. */
export function InstanceMappings({ instance }: { instance: ProviderInstance }) {
  const [values, change] = useUrlFilters(['search', 'table']);
  const [isAdding, setAdding] = useState(false);
  const mayChange = usePermission('providers.write');
  const { search, table } = values;
  const query = useMemo(() => ({ search, table, instance: instance.name }), [search, table, instance.name]);
  const list = usePagedList({ name: 'mappings', query, fetch: listMappings, rowId: mappingId });
  const add = (
    <ExplainedButton
      icon={<PlusOutlined />}
      allowed={mayChange}
      disabledReason="Your role may not change mappings"
      onClick={() => setAdding(true)}
    >
      Add mapping
    </ExplainedButton>
  );
  return (
    <section aria-label="Mappings" className="stack" style={{ gap: 8 }}>
      <ListView
        label="Mappings"
        list={list}
        columns={mappingColumns.filter((column) => column.id !== 'scope')}
        rowId={mappingId}
        toolbar={
          <FilterBar
            search="External or internal value"
            filters={[{ key: 'table', label: 'Table', kind: 'choice', options: toOptions(mappingTables, tableLabel) }]}
            values={values}
            onChange={change}
            extra={add}
          />
        }
        empty={
          <EmptyState icon={<SwapOutlined />} title={search || table ? 'No matching mappings' : 'No mappings of its own'} action={add}>
            The mappings of its group and those for all providers apply.
          </EmptyState>
        }
      />
      <p className="muted">
        To edit or delete one, <Link to={`/mappings?instance=${encodeURIComponent(instance.name)}`}>open it in Mappings</Link>.
      </p>
      {isAdding && <AddMappingDialog instances={[instance]} onClose={() => setAdding(false)} />}
    </section>
  );
}
