import { SubmitFooter } from '@kit/SubmitFooter';
import type { Mapping, MissingGroup } from '@client/providers';
import { ProblemNotice, QueryContent } from '@kit/feedback';
import { Modal } from 'antd';
import { useId, useState } from 'react';
import { MappingComparison, ReleaseSummary, useMappingPreview } from './MappingComparison';
import { tableLabel } from './mappingTables';
import { certaintyLabel, RecordChoice } from './RecordChoice';
import { useSaveMapping } from './useSaveMapping';

/** Dialog that maps a missing value: choose, compare both records, see what is released. */
export function MapValueDialog({ group, onClose, onMapped }: { group: MissingGroup; onClose: () => void; onMapped: () => void }) {
  const id = useId();
  const [internal, setInternal] = useState(group.suggestions.find((suggestion) => suggestion.certain)?.internal ?? '');
  const { table, field, value } = group;
  const mapping: Mapping = { table, field, value, internal, scope: 'instance', scope_name: group.instance };
  const preview = useMappingPreview(mapping);
  const save = useSaveMapping({
    onSaved: () => {
      onMapped();
      onClose();
    },
  });
  const label = tableLabel(table).toLowerCase();
  const isReady = internal !== '' && preview.data !== undefined;
  return (
    <Modal
      open
      width={680}
      title={`Map ${label} ${value}`}
      onCancel={onClose}
      footer={
        <SubmitFooter
          label="Map and replay"
          disabledReason={isReady ? '' : internal === '' ? `Choose a ${label} first` : 'Checking what is released'}
          loading={save.isPending}
          onCancel={onClose}
          onSubmit={() => save.mutate(mapping)}
        />
      }
    >
      <div className="stack">
        {group.suggestions.length > 0 && (
          <fieldset className="suggestions">
            <legend>Suggestions</legend>
            {group.suggestions.map((suggestion) => (
              <label key={suggestion.internal}>
                <input
                  type="radio"
                  name={`${id}suggestion`}
                  checked={internal === suggestion.internal}
                  onChange={() => setInternal(suggestion.internal)}
                />
                <span className="two-line">
                  <span>
                    <span className="strong">{suggestion.internal}</span>
                    {suggestion.label !== suggestion.internal && ` ${suggestion.label}`}
                  </span>
                  <span className="muted">{certaintyLabel(suggestion)}</span>
                </span>
              </label>
            ))}
          </fieldset>
        )}
        <label className="field" htmlFor={`${id}choice`}>
          {group.suggestions.length > 0 ? `Another ${label}` : `Our ${label}`}
          <RecordChoice id={`${id}choice`} table={table} value={internal} onChange={setInternal} />
        </label>
        <MappingComparison mapping={mapping} release={preview.data} />
        <QueryContent query={preview} rows={1}>
          {(release) => <ReleaseSummary release={release} />}
        </QueryContent>
        {save.error && <ProblemNotice compact error={save.error} />}
      </div>
    </Modal>
  );
}
