import { SubmitFooter } from '@kit/SubmitFooter';
import type { Mapping, ProviderInstance } from '@client/providers';
import { ProblemNotice } from '@kit/feedback';
import { toOptions } from '@kit/list';
import { Input, Modal, Select } from 'antd';
import { useId, useState } from 'react';
import { MappingComparison, ReleaseSummary, useMappingPreview } from './MappingComparison';
import { mappingTables, tableLabel } from './mappingTables';
import { RecordChoice } from './RecordChoice';
import { useSaveMapping } from './useSaveMapping';

const newMapping = (instances: ProviderInstance[]): Mapping => ({
  table: 'product',
  field: 'sku',
  value: '',
  internal: '',
  scope: instances.length > 0 ? 'instance' : 'default',
  scope_name: instances[0]?.name ?? '',
});

/** Dialog for a mapping, a new one or `edited`, whose external value is fixed. Input is kept on refusal. */
export function AddMappingDialog({
  instances,
  edited,
  onDone,
  onClose,
}: {
  instances: ProviderInstance[];
  edited?: Mapping;
  onDone?: () => void;
  onClose: () => void;
}) {
  const id = useId();
  const [mapping, setMapping] = useState<Mapping>(edited ?? newMapping(instances));
  const set = (part: Partial<Mapping>): void => setMapping((before) => ({ ...before, ...part }));
  const isFixed = edited !== undefined;
  const save = useSaveMapping({ before: edited, onChanged: onDone, onSaved: onClose });
  const preview = useMappingPreview(mapping);
  const isComplete =
    [mapping.table, mapping.field, mapping.value, mapping.internal].every((part) => part.trim() !== '') &&
    (mapping.scope === 'default' || mapping.scope_name.trim() !== '');
  const reason = !isComplete
    ? 'Fill in every field first'
    : mapping.internal === edited?.internal
      ? 'Choose another internal value first'
      : '';
  return (
    <Modal
      open
      width={680}
      title={isFixed ? `Edit mapping of ${edited.value}` : 'Add mapping'}
      onCancel={onClose}
      footer={
        <SubmitFooter
          label="Save mapping"
          disabledReason={reason}
          loading={save.isPending}
          onCancel={onClose}
          onSubmit={() => save.mutate(mapping)}
        />
      }
    >
      <div className="mapping-form">
        <label htmlFor={`${id}table`}>
          Table
          <Select
            id={`${id}table`}
            disabled={isFixed}
            value={mapping.table}
            options={toOptions(mappingTables, tableLabel)}
            onChange={(table) => set({ table, internal: '' })}
          />
        </label>
        <label>
          Field
          <Input disabled={isFixed} value={mapping.field} onChange={(event) => set({ field: event.target.value })} />
        </label>
        <label>
          External value
          <Input autoFocus disabled={isFixed} value={mapping.value} onChange={(event) => set({ value: event.target.value })} />
        </label>
        <label htmlFor={`${id}internal`}>
          Internal value
          <RecordChoice id={`${id}internal`} table={mapping.table} value={mapping.internal} onChange={(internal) => set({ internal })} />
        </label>
        <label htmlFor={`${id}scope`}>
          Applies to
          <Select
            id={`${id}scope`}
            disabled={isFixed}
            value={mapping.scope}
            options={[
              { value: 'instance', label: 'One provider' },
              { value: 'group', label: 'A mapping group' },
              { value: 'default', label: 'Everywhere' },
            ]}
            onChange={(scope) => set({ scope, scope_name: scope === 'instance' ? (instances[0]?.name ?? '') : '' })}
          />
        </label>
        {mapping.scope === 'instance' && (
          <label htmlFor={`${id}name`}>
            Provider
            <Select
              id={`${id}name`}
              disabled={isFixed}
              value={mapping.scope_name}
              options={instances.map((instance) => ({ value: instance.name, label: instance.title || instance.name }))}
              onChange={(scope_name) => set({ scope_name })}
            />
          </label>
        )}
        {mapping.scope === 'group' && (
          <label>
            Group
            <Input disabled={isFixed} value={mapping.scope_name} onChange={(event) => set({ scope_name: event.target.value })} />
          </label>
        )}
      </div>
      {isComplete && (
        <div className="stack">
          <MappingComparison mapping={mapping} release={preview.data} />
          {preview.data && <ReleaseSummary release={preview.data} />}
        </div>
      )}
      {isFixed && <p className="muted">Orders that were accepted with the previous internal value do not change.</p>}
      {save.error && <ProblemNotice compact error={save.error} />}
    </Modal>
  );
}
