import { type Body, listDocuments } from '@client/configuration';
import { listSources } from '@client/inventory';
import type { ConstraintKind } from '@client/optional';
import { asNumber, asText, CheckboxField, documentOptions, NumberField, SelectField, TextField } from '@kit/forms/fields';
import { asObjectSchema, schemaDefaults } from '@kit/forms/schema';
import { SchemaForm } from '@kit/forms/SchemaForm';
import { useQuery } from '@tanstack/react-query';
import { useConstraintKinds } from './constraintKinds';

/** Properties that constraints of every kind have. */
const sharedProperties = ['type', 'title', 'enabled', 'hard', 'penalty', 'effective_from', 'effective_to'];

/** Return the document for another kind: the shared properties, and the defaults of the kind. */
export function withKind(body: Body, kind: ConstraintKind | undefined, name: string): Body {
  const shared: Body = {};
  for (const property of sharedProperties) {
    if (body[property] !== undefined) shared[property] = body[property];
  }
  return { ...shared, type: name, ...schemaDefaults(asObjectSchema(kind?.schema)) };
}

/** The form of a constraint. `replace` writes the whole body, because kinds do not share parameters. */
export function ConstraintFields({ body, replace, isNew }: { body: Body; replace: (body: Body) => void; isNew: boolean }) {
  const kinds = useConstraintKinds();
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const lists = useQuery({ queryKey: ['configuration', 'source_list'], queryFn: () => listDocuments('source_list') });
  const set = (part: Body): void => replace({ ...body, ...part });
  const name = asText(body.type);
  const kind = kinds.find((item) => item.kind === name);
  const description = kind?.description ?? '';
  const references = { source: documentOptions(sources.data ?? []), source_list: documentOptions(lists.data ?? []) };
  return (
    <>
      <TextField label="Title" value={body.title} onChange={(title) => set({ title })} />
      <SelectField
        label="Type"
        value={name}
        hint={isNew ? description : `${description} Changing the type resets its parameters.`}
        options={kinds.map((item) => ({ value: item.kind, label: item.title }))}
        onChange={(next) =>
          replace(
            withKind(
              body,
              kinds.find((item) => item.kind === next),
              next,
            ),
          )
        }
      />
      <SchemaForm schema={asObjectSchema(kind?.schema)} value={body} omit={sharedProperties} references={references} onChange={set} />
      <EnforcementFields body={body} set={set} />
    </>
  );
}

function EnforcementFields({ body, set }: { body: Body; set: (part: Body) => void }) {
  const isHard = body.hard !== false;
  return (
    <>
      <h3 className="form-head">Enforcement</h3>
      <CheckboxField label="Enabled" value={body.enabled !== false} onChange={(enabled) => set({ enabled })} />
      <SelectField
        label="Strictness"
        value={isHard ? 'hard' : 'soft'}
        options={[
          { value: 'hard', label: 'Hard: always enforced' },
          { value: 'soft', label: 'Soft: violations have a cost' },
        ]}
        onChange={(next) => set({ hard: next === 'hard' })}
      />
      {!isHard && (
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
