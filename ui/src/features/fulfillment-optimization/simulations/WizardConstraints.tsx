import { type Body, listDocuments } from '@client/configuration';
import { CloseOutlined, PlusOutlined } from '@kit/icons';
import { Loaded } from '@kit/feedback';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { constraintTypes, parametersOf } from '../constraints/describeConstraint';
import { ConstraintFields } from '../constraints/ConstraintFields';
import { ChoiceField, strings, text, TextField } from '@kit/forms/fields';
import { strategyOf } from './describeChanges';
import type { StepProps } from './SimulationWizard';

/** Which constraints count in the scenario, and how they would read. */
export function ConstraintsStep({ draft, change }: StepProps) {
  const constraints = useQuery({ queryKey: ['configuration', 'constraint'], queryFn: () => listDocuments('constraint') });
  const strategies = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const all = strategies.data ?? [];
  const name = strategyOf(draft, all);
  const attached = new Set(strings(all.find((one) => one.name === name)?.body.constraints));
  const changed = draft.changes.constraints;
  const put = (one: string, body: Body | null | undefined): void => {
    const others = changed.filter((other) => other.name !== one);
    change({ constraints: body === undefined ? others : [...others, { name: one, body }] });
  };
  const known = new Set((constraints.data ?? []).map((one) => one.name));
  const added = changed.flatMap((one, index) => (known.has(one.name) ? [] : [{ ...one, index }]));
  const rewrite = (index: number, part: Partial<(typeof changed)[number]>): void =>
    change({ constraints: changed.map((one, at) => (at === index ? { ...one, ...part } : one)) });
  return (
    <Loaded answer={constraints} rows={6}>
      {(items) => (
        <div className="stack">
          <p className="muted">
            Constraints of strategy <strong>{name}</strong>. One it does not have yet counts as soon as you change it here.
          </p>
          {items.length === 0 && <p className="muted">No constraint is configured yet; add one that only the simulation knows.</p>}
          {items.map((item) => {
            const mine = changed.find((one) => one.name === item.name);
            const state = mine === undefined ? 'same' : mine.body ? 'other' : 'off';
            const counts = attached.has(item.name);
            return (
              <div key={item.name} className="choice">
                <div className="form">
                  <div>
                    <div className="strong">{text(item.body.title) || item.name}</div>
                    <div className="muted small">
                      {constraintTypes[text(item.body.type)]?.title}: {parametersOf(item.body)}
                      {!counts && ' — not in this strategy'}
                    </div>
                  </div>
                  <ChoiceField
                    label={`In the scenario, ${item.name}`}
                    value={state}
                    options={[
                      { value: 'same', label: counts ? 'Counts as today' : 'Does not count, as today' },
                      { value: 'other', label: counts ? 'Reads otherwise' : 'Counts' },
                      ...(counts ? [{ value: 'off', label: 'Does not count' }] : []),
                    ]}
                    onChange={(next) => put(item.name, next === 'same' ? undefined : next === 'off' ? null : item.body)}
                  />
                  {mine?.body && <ConstraintFields body={mine.body} replace={(body) => put(item.name, body)} isNew={false} />}
                </div>
              </div>
            );
          })}
          {added.map((one) => (
            <div key={one.index} className="choice form">
              <TextField label="Name of the new constraint" value={one.name} onChange={(next) => rewrite(one.index, { name: next })} />
              <div style={{ alignSelf: 'end' }}>
                <Button icon={<CloseOutlined />} onClick={() => change({ constraints: changed.filter((_, at) => at !== one.index) })}>
                  Take it away
                </Button>
              </div>
              <ConstraintFields body={one.body ?? {}} replace={(body) => rewrite(one.index, { body })} isNew />
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
            Add a constraint
          </Button>
        </div>
      )}
    </Loaded>
  );
}
