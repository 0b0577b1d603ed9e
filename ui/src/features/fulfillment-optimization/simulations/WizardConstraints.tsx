import { type Body, listDocuments } from '@client/configuration';
import { CloseOutlined, PlusOutlined } from '@kit/icons';
import { QueryContent } from '@kit/feedback';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { constraintKindTitle, useConstraintKinds } from '../constraints/constraintKinds';
import { describeConstraint } from '../constraints/describeConstraint';
import { ConstraintFields } from '../constraints/ConstraintFields';
import { SelectField, asStrings, asText, TextField } from '@kit/forms/fields';
import { scenarioStrategyName } from './describeChanges';
import type { StepProps } from './SimulationWizard';

/** Constraints of the scenario. */
export function ConstraintsStep({ draft, change }: StepProps) {
  const kinds = useConstraintKinds();
  const constraints = useQuery({ queryKey: ['configuration', 'constraint'], queryFn: () => listDocuments('constraint') });
  const strategies = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const all = strategies.data ?? [];
  const name = scenarioStrategyName(draft, all);
  const attachedNames = new Set(asStrings(all.find((entry) => entry.name === name)?.body.constraints));
  const changed = draft.changes.constraints;
  const setOverride = (candidate: string, body: Body | null | undefined): void => {
    const others = changed.filter((other) => other.name !== candidate);
    change({ constraints: body === undefined ? others : [...others, { name: candidate, body }] });
  };
  const existingNames = new Set((constraints.data ?? []).map((constraint) => constraint.name));
  const added = changed.flatMap((current, index) => (existingNames.has(current.name) ? [] : [{ ...current, index }]));
  const changeConstraint = (index: number, part: Partial<(typeof changed)[number]>): void =>
    change({ constraints: changed.map((value, at) => (at === index ? { ...value, ...part } : value)) });
  return (
    <QueryContent query={constraints} rows={6}>
      {(items) => (
        <div className="stack">
          <p className="muted">
            Constraints of strategy <strong>{name}</strong>. Change a constraint to include it in the scenario.
          </p>
          {items.length === 0 && <p className="muted">No constraints yet. Add one for this simulation.</p>}
          {items.map((item) => {
            const override = changed.find((entry) => entry.name === item.name);
            const state = override === undefined ? 'same' : override.body ? 'other' : 'off';
            const isAttached = attachedNames.has(item.name);
            return (
              <div key={item.name} className="choice">
                <div className="form">
                  <div>
                    <div className="strong">{asText(item.body.title) || item.name}</div>
                    <div className="muted small">
                      {constraintKindTitle(kinds, asText(item.body.type))}: {describeConstraint(item.body)}
                      {!isAttached && ' — not in this strategy'}
                    </div>
                  </div>
                  <SelectField
                    label={`In the scenario, ${item.name}`}
                    value={state}
                    options={[
                      { value: 'same', label: isAttached ? 'Unchanged' : 'Not applied' },
                      { value: 'other', label: isAttached ? 'Changed' : 'Applied' },
                      ...(isAttached ? [{ value: 'off', label: 'Removed' }] : []),
                    ]}
                    onChange={(next) => setOverride(item.name, next === 'same' ? undefined : next === 'off' ? null : item.body)}
                  />
                  {override?.body && (
                    <ConstraintFields body={override.body} replace={(body) => setOverride(item.name, body)} isNew={false} />
                  )}
                </div>
              </div>
            );
          })}
          {added.map((item) => (
            <div key={item.index} className="choice form">
              <TextField
                label="Name of the new constraint"
                value={item.name}
                onChange={(next) => changeConstraint(item.index, { name: next })}
              />
              <div style={{ alignSelf: 'end' }}>
                <Button
                  icon={<CloseOutlined />}
                  onClick={() => change({ constraints: changed.filter((_, index) => index !== item.index) })}
                >
                  Remove
                </Button>
              </div>
              <ConstraintFields body={item.body ?? {}} replace={(body) => changeConstraint(item.index, { body })} isNew />
            </div>
          ))}
          <Button
            style={{ justifySelf: 'start' }}
            icon={<PlusOutlined />}
            onClick={() =>
              change({
                constraints: [
                  ...changed,
                  {
                    name: `simulated-${changed.length + 1}`,
                    body: { title: 'Simulated constraint', type: 'maximum_distance', hard: true, entries: [{ distance: 500, unit: 'km' }] },
                  },
                ],
              })
            }
          >
            Add constraint
          </Button>
        </div>
      )}
    </QueryContent>
  );
}
