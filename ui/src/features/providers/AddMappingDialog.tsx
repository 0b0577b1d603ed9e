import { type Mapping, type ProviderInstance, saveMappings } from '@client/providers';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { toOptions } from '@kit/list';
import { humanize } from '@vocabulary';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Input, Modal, Select } from 'antd';
import { useId, useState } from 'react';
import { mappingTables } from './mappingTables';

/** Dialog for a mapping. Input is kept on refusal. */
export function AddMappingDialog({ instances, onClose }: { instances: ProviderInstance[]; onClose: () => void }) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const id = useId();
  const [mapping, setMapping] = useState<Mapping>({
    table: 'product',
    field: 'id',
    value: '',
    internal: '',
    scope: instances.length > 0 ? 'instance' : 'default',
    scope_name: instances[0]?.name ?? '',
  });
  const set = (part: Partial<Mapping>): void => setMapping((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: async () => {
      const saved = await saveMappings([mapping]);
      const refused = saved.results.find((result) => !result.ok);
      if (refused) throw new Error(refused.reason);
      return saved;
    },
    onSuccess: (saved) => {
      message.success(saved.replayed > 0 ? `Saved. ${formatNumber(saved.replayed)} messages replayed` : 'Saved');
      void queryClient.invalidateQueries({ queryKey: ['mappings'] });
      void queryClient.invalidateQueries({ queryKey: ['messages'] });
      onClose();
    },
  });
  const isComplete =
    [mapping.table, mapping.field, mapping.value, mapping.internal].every((part) => part.trim() !== '') &&
    (mapping.scope === 'default' || mapping.scope_name.trim() !== '');
  return (
    <Modal
      open
      title="Add mapping"
      okText="Save mapping"
      cancelText="Cancel"
      onCancel={onClose}
      onOk={() => save.mutate()}
      confirmLoading={save.isPending}
      okButtonProps={{ disabled: !isComplete }}
    >
      <div className="mapping-form">
        <label htmlFor={`${id}table`}>
          Table
          <Select
            id={`${id}table`}
            value={mapping.table}
            options={toOptions(mappingTables, humanize)}
            onChange={(table) => set({ table })}
          />
        </label>
        <label>
          Field
          <Input value={mapping.field} onChange={(event) => set({ field: event.target.value })} />
        </label>
        <label>
          External value
          <Input autoFocus value={mapping.value} onChange={(event) => set({ value: event.target.value })} />
        </label>
        <label>
          Internal value
          <Input value={mapping.internal} onChange={(event) => set({ internal: event.target.value })} />
        </label>
        <label htmlFor={`${id}scope`}>
          Applies to
          <Select
            id={`${id}scope`}
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
              value={mapping.scope_name}
              options={instances.map((instance) => ({ value: instance.name, label: instance.title || instance.name }))}
              onChange={(scope_name) => set({ scope_name })}
            />
          </label>
        )}
        {mapping.scope === 'group' && (
          <label>
            Group
            <Input value={mapping.scope_name} onChange={(event) => set({ scope_name: event.target.value })} />
          </label>
        )}
      </div>
      {save.error && <ProblemNotice compact error={save.error} />}
    </Modal>
  );
}
