import { type Body, listDocuments } from '@client/configuration';
import { listSources } from '@client/inventory';
import { CloseOutlined, PlusOutlined } from '@kit/icons';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { constraintKinds } from './describeConstraint';
import {
  CheckboxField,
  SelectField,
  documentOptions,
  NumberField,
  asNumber,
  type Option,
  selectOptions,
  asRecords,
  asText,
  TextField,
} from '@kit/forms/fields';

const kindsWithEntries = new Set(['maximum_distance', 'maximum_order_lines', 'respect_timings', 'safety_stock', 'location_priority']);
const initialEntries: Record<string, Body> = {
  maximum_distance: { distance: 500, unit: 'km' },
  maximum_order_lines: { lines: 100 },
  location_priority: { rank: 1 },
  safety_stock: {},
  respect_timings: {},
};

/** What a constraint of this type starts with: the fields all types share, and one row where rows are needed. */
function withKind(body: Body, type: string): Body {
  const { title, enabled, hard, penalty, effective_from, effective_to } = body;
  const shared = Object.fromEntries(
    Object.entries({ title, enabled, hard, penalty, effective_from, effective_to }).filter(([, value]) => value !== undefined),
  );
  if (type === 'maximum_sources_per_order' || type === 'maximum_sources_per_line') return { ...shared, type, maximum: 1 };
  if (kindsWithEntries.has(type))
    return { ...shared, type, entries: type in initialEntries && type !== 'respect_timings' ? [initialEntries[type]] : [] };
  return { ...shared, type };
}

/** The parameters of a constraint of any type. `replace` writes the whole body, because types do not share fields. */
export function ConstraintFields({ body, replace, isNew }: { body: Body; replace: (body: Body) => void; isNew: boolean }) {
  const set = (part: Body): void => replace({ ...body, ...part });
  const type = asText(body.type);
  const hard = body.hard !== false;
  return (
    <>
      <TextField label="Title" value={body.title} onChange={(title) => set({ title })} />
      <SelectField
        label="Type"
        value={type}
        hint={
          isNew
            ? constraintKinds[type]?.description
            : `${constraintKinds[type]?.description ?? ''} Changing the type resets its parameters.`
        }
        options={selectOptions(Object.keys(constraintKinds), (item) => constraintKinds[item]?.title ?? item)}
        onChange={(next) => replace(withKind(body, next))}
      />
      <Parameters type={type} body={body} set={set} />
      <h3 className="form-head">Enforcement</h3>
      <CheckboxField label="Enabled" value={body.enabled !== false} onChange={(enabled) => set({ enabled })} />
      <SelectField
        label="Strictness"
        value={hard ? 'hard' : 'soft'}
        options={[
          { value: 'hard', label: 'Hard: always enforced' },
          { value: 'soft', label: 'Soft: violations have a cost' },
        ]}
        onChange={(next) => set({ hard: next === 'hard' })}
      />
      {!hard && (
        <NumberField
          label="Penalty"
          hint="Cost of one violation."
          value={asNumber(body.penalty, 100)}
          onChange={(penalty) => set({ penalty: penalty ?? 0 })}
        />
      )}
      <TextField
        label="Effective from"
        type="date"
        value={body.effective_from ?? ''}
        onChange={(day) => set({ effective_from: day || null })}
      />
      <TextField
        label="Effective until"
        type="date"
        value={body.effective_to ?? ''}
        onChange={(day) => set({ effective_to: day || null })}
      />
    </>
  );
}

function Parameters({ type, body, set }: { type: string; body: Body; set: (part: Body) => void }) {
  if (kindsWithEntries.has(type)) return <Entries type={type} entries={asRecords(body.entries)} onChange={(entries) => set({ entries })} />;
  if (type === 'maximum_sources_per_order' || type === 'maximum_sources_per_line')
    return (
      <NumberField
        label="At most"
        unit="sources"
        min={1}
        value={asNumber(body.maximum, 1)}
        onChange={(maximum) => set({ maximum: maximum ?? 1 })}
      />
    );
  if (type === 'maximum_sources_and_partial_order')
    return (
      <>
        <NumberField
          label="Sources per order"
          placeholder="Any number"
          min={1}
          value={body.maximum}
          onChange={(maximum) => set({ maximum })}
        />
        <CheckboxField
          label="Allow splitting a line across sources"
          value={body.partial_lines !== false}
          onChange={(partial_lines) => set({ partial_lines })}
        />
        <CheckboxField
          label="Allow partial orders"
          value={body.partial_orders !== false}
          onChange={(partial_orders) => set({ partial_orders })}
        />
      </>
    );
  return null;
}

function Entries({ type, entries, onChange }: { type: string; entries: Body[]; onChange: (entries: Body[]) => void }) {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const lists = useQuery({ queryKey: ['configuration', 'source_list'], queryFn: () => listDocuments('source_list') });
  const scopeOptions: Option[] = [
    { value: '', label: 'All sources' },
    ...documentOptions(lists.data ?? []).map((list) => ({ value: `list:${list.value}`, label: `List ${list.label}` })),
    ...documentOptions(sources.data ?? []).map((source) => ({ value: `source:${source.value}`, label: source.label })),
  ];
  const entryRequired = type !== 'respect_timings' && type !== 'safety_stock';
  const change = (index: number, part: Body): void => onChange(entries.map((item, at) => (at === index ? { ...item, ...part } : item)));
  return (
    <div className="wide form-rows">
      <span className="form-legend">Applies to</span>
      {entries.length === 0 && (
        <span className="muted">All sources{type === 'safety_stock' && ', each with its own safety stock setting'}</span>
      )}
      {entries.map((entry, index) => (
        <div key={index} className="form-row" role="group" aria-label={`Row ${index + 1}`}>
          <SelectField
            label="Source or list"
            value={
              asText(entry.source) ? `source:${asText(entry.source)}` : asText(entry.source_list) ? `list:${asText(entry.source_list)}` : ''
            }
            options={scopeOptions}
            onChange={(next) =>
              change(index, {
                source: next.startsWith('source:') ? next.slice(7) : null,
                source_list: next.startsWith('list:') ? next.slice(5) : null,
              })
            }
          />
          <EntryFields type={type} entry={entry} change={(part) => change(index, part)} />
          <Button
            icon={<CloseOutlined />}
            aria-label={`Remove row ${index + 1}`}
            disabled={entryRequired && entries.length === 1}
            onClick={() => onChange(entries.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <Button
        style={{ justifySelf: 'start' }}
        icon={<PlusOutlined />}
        onClick={() =>
          onChange([...entries, { ...initialEntries[type], ...(type === 'location_priority' ? { rank: entries.length + 1 } : {}) }])
        }
      >
        Add row
      </Button>
    </div>
  );
}

function EntryFields({ type, entry, change }: { type: string; entry: Body; change: (part: Body) => void }): ReactNode {
  const productField = (
    <TextField
      label="Product"
      hint="Leave empty for all products"
      value={entry.product}
      onChange={(item) => change({ product: item || null })}
    />
  );
  if (type === 'maximum_distance')
    return (
      <>
        <NumberField label="Distance" placeholder="Any" min={1} value={entry.distance} onChange={(distance) => change({ distance })} />
        <SelectField
          label="Unit"
          value={asText(entry.unit) || 'km'}
          options={selectOptions(['km', 'mi'])}
          onChange={(unit) => change({ unit })}
        />
        <CheckboxField label="Same country" value={entry.same_country === true} onChange={(same_country) => change({ same_country })} />
      </>
    );
  if (type === 'maximum_order_lines')
    return <NumberField label="Lines a day" value={asNumber(entry.lines)} onChange={(lines) => change({ lines: lines ?? 0 })} />;
  if (type === 'safety_stock')
    return (
      <>
        <NumberField label="Units" placeholder="Source default" value={entry.units} onChange={(units) => change({ units })} />
        {productField}
      </>
    );
  if (type === 'location_priority')
    return (
      <>
        <NumberField label="Rank" min={1} value={asNumber(entry.rank, 1)} onChange={(rank) => change({ rank: rank ?? 1 })} />
        {productField}
      </>
    );
  return null;
}
