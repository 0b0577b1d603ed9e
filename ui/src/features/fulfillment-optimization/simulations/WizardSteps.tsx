import { type Body, listDocuments } from '@client/configuration';
import { CloseOutlined, PlusOutlined } from '@kit/icons';
import { DescriptionList } from '@kit/layout';
import { useQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { SelectField, Field, documentOptions, NumberField, asText, TextField } from '@kit/forms/fields';
import { humanize } from '@vocabulary';
import { simulationTemplates } from './kpis';
import { describeChanges, scenarioStrategyName } from './describeChanges';
import type { Draft, StepProps } from './SimulationWizard';
import { StrategyFields } from '../strategies/StrategyFields';

export function TemplateStep({ draft, set }: StepProps) {
  return (
    <div className="stack">
      <div className="templates" role="group" aria-label="Template">
        {Object.entries(simulationTemplates).map(([key, template]) => (
          <button
            key={key}
            type="button"
            className="template"
            aria-pressed={draft.template === key}
            onClick={() => set({ template: key as Draft['template'] })}
          >
            <span className="strong">{template.title}</span>
            <span className="muted">{template.description}</span>
          </button>
        ))}
      </div>
      <div className="form">
        <TextField wide label="Name" value={draft.name} onChange={(name) => set({ name })} />
        <TextField
          wide
          multiline
          label="Description"
          hint="Purpose of the simulation."
          value={draft.description}
          onChange={(description) => set({ description })}
        />
      </div>
    </div>
  );
}

export function DemandStep(props: StepProps) {
  const { draft, set, isClone } = props;
  const demand = (part: Partial<Draft['demand']>): void => set({ demand: { ...draft.demand, ...part } });
  return (
    <div className="form">
      {isClone ? (
        <p className="wide muted">
          Uses the demand of the original: {draft.demand.kind === 'past' ? 'past orders' : 'forecast'} from {draft.demand.from} to{' '}
          {draft.demand.to}, multiplied by {draft.demand.multiplier}.
        </p>
      ) : (
        <>
          <SelectField
            label="Demand"
            hint={
              draft.demand.kind === 'past'
                ? 'Days of the period are sampled at random.'
                : 'Sampled from the last four weeks unless you set a period.'
            }
            value={draft.demand.kind}
            options={[
              { value: 'past', label: 'Past orders' },
              { value: 'future', label: 'Forecast' },
            ]}
            onChange={(kind) => demand({ kind: kind as 'past' | 'future', basis_from: null, basis_to: null })}
          />
          <NumberField
            label="Multiplier"
            hint="Applies to the current configuration and the scenario."
            min={0.01}
            max={100}
            step={0.1}
            value={draft.demand.multiplier}
            onChange={(multiplier) => demand({ multiplier: multiplier ?? 1 })}
          />
          <TextField label="From" type="date" value={draft.demand.from} onChange={(from) => demand({ from })} />
          <TextField label="To" type="date" value={draft.demand.to} onChange={(to) => demand({ to })} />
          {draft.demand.kind === 'future' && (
            <>
              <TextField
                label="Sample from"
                type="date"
                hint="Default: last four weeks."
                value={draft.demand.basis_from ?? ''}
                onChange={(value) => demand({ basis_from: value || null })}
              />
              <TextField
                label="Sample to"
                type="date"
                value={draft.demand.basis_to ?? ''}
                onChange={(value) => demand({ basis_to: value || null })}
              />
            </>
          )}
        </>
      )}
      <NumberField
        label="Replenish stock every"
        unit="days"
        hint="Resets stock to the current level. Leave empty for never."
        placeholder="Never"
        min={1}
        max={366}
        value={draft.replenish_days}
        onChange={(replenish_days) => set({ replenish_days })}
      />
      <h3 className="form-head">Demand change in the scenario</h3>
      <DemandChangeFields {...props} />
      <NewProducts {...props} />
    </div>
  );
}

function DemandChangeFields({ draft, change }: StepProps) {
  const { demand_multiplier, demand_products } = draft.changes;
  return (
    <>
      <NumberField
        label="Demand multiplier"
        hint="1 means no change."
        max={100}
        step={0.1}
        value={demand_multiplier}
        onChange={(value) => change({ demand_multiplier: value ?? 1 })}
      />
      <Field label="Only orders with these products" hint="Enter product numbers. Leave empty for all orders.">
        {(id) => (
          <Select
            id={id}
            mode="tags"
            open={false}
            suffix={null}
            value={demand_products}
            onChange={(products: string[]) => change({ demand_products: products })}
          />
        )}
      </Field>
    </>
  );
}

function NewProducts({ draft, change }: StepProps) {
  const rows = draft.changes.new_products;
  const set = (index: number, part: Partial<(typeof rows)[number]>): void =>
    change({ new_products: rows.map((item, at) => (at === index ? { ...item, ...part } : item)) });
  return (
    <div className="wide form-rows">
      <span className="form-legend">New products</span>
      {rows.map((row, index) => (
        <div key={index} className="form-row" role="group" aria-label={`New product ${index + 1}`}>
          <TextField label="Product" value={row.product} onChange={(product) => set(index, { product })} />
          <TextField label="Sells like" value={row.like} onChange={(like) => set(index, { like })} />
          <NumberField
            label="Share of its orders"
            min={0.01}
            max={10}
            step={0.1}
            value={row.share}
            onChange={(share) => set(index, { share: share ?? 1 })}
          />
          <StockField stock={row.stock} onChange={(stock) => set(index, { stock })} label="Stock by source" />
          <Button
            icon={<CloseOutlined />}
            aria-label={`Remove new product ${index + 1}`}
            onClick={() => change({ new_products: rows.filter((_, at) => at !== index) })}
          />
        </div>
      ))}
      <Button
        style={{ justifySelf: 'start' }}
        icon={<PlusOutlined />}
        onClick={() => change({ new_products: [...rows, { product: '', like: '', share: 1, stock: {} }] })}
      >
        Add product
      </Button>
    </div>
  );
}

/** Quantities by name, entered as tags such as "SEA 40". */
export function StockField({
  stock,
  onChange,
  label,
}: {
  stock: Record<string, number>;
  onChange: (stock: Record<string, number>) => void;
  label: string;
}) {
  return (
    <Field label={label}>
      {(id) => (
        <Select
          id={id}
          mode="tags"
          open={false}
          suffix={null}
          placeholder="SEA 40"
          value={Object.entries(stock).map(([name, units]) => `${name} ${units}`)}
          onChange={(tags: string[]) =>
            onChange(
              Object.fromEntries(
                tags.flatMap((tag) => {
                  const match = /^(.+?)[\s:=]+(\d+)$/.exec(tag.trim());
                  return match?.[1] !== undefined ? [[match[1], Number(match[2])] as const] : [];
                }),
              ),
            )
          }
        />
      )}
    </Field>
  );
}

export function StrategyStep({ draft, set, change, isClone }: StepProps) {
  const strategies = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const options = documentOptions(strategies.data ?? []);
  const scenarioStrategy = draft.changes.strategy;
  const overrides: Body = scenarioStrategy?.body ?? {};
  const name = scenarioStrategyName(draft, strategies.data ?? []);
  const currentBody = strategies.data?.find((item) => item.name === name)?.body ?? {};
  const setStrategy = (part: { name?: string; body?: Body }): void =>
    change({ strategy: { name: scenarioStrategy?.name ?? '', body: overrides, ...part } });
  const count = Object.keys(overrides).length;
  return (
    <div className="stack">
      <div className="form">
        {isClone ? (
          <p className="muted">
            The baseline uses {draft.strategy === '' ? 'the default strategy' : `strategy ${draft.strategy}`}, as in the original.
          </p>
        ) : (
          <SelectField
            label="Baseline strategy"
            emptyLabel="Default strategy"
            value={draft.strategy}
            options={options}
            onChange={(strategy) => set({ strategy })}
          />
        )}
        <SelectField
          label="Scenario strategy"
          emptyLabel="Same as baseline"
          value={scenarioStrategy?.name ?? ''}
          options={options}
          onChange={(next) => setStrategy({ name: next, body: {} })}
        />
      </div>
      <details open={count > 0}>
        <summary style={{ cursor: 'pointer' }}>
          <span className="strong">Override settings of strategy {name}</span>{' '}
          <span className="muted">
            — {count === 0 ? 'no overrides' : `${count} changed: ${Object.keys(overrides).map(humanize).join(', ').toLowerCase()}`}
          </span>
        </summary>
        <div className="form" style={{ marginTop: 12 }}>
          {count > 0 && (
            <div className="wide">
              <Button onClick={() => setStrategy({ body: {} })}>Remove overrides</Button>
            </div>
          )}
          <StrategyFields
            name={name}
            body={{ ...currentBody, ...overrides }}
            set={(part) => setStrategy({ body: { ...overrides, ...part } })}
          />
        </div>
      </details>
    </div>
  );
}

export function ReviewStep({ draft, set }: StepProps) {
  return (
    <div className="stack">
      <DescriptionList
        columns={3}
        items={[
          ['Name', draft.name || 'Not set'],
          ['Template', simulationTemplates[draft.template]?.title],
          [
            'Demand',
            `${draft.demand.kind === 'past' ? 'Past orders' : 'Forecast'}, ${draft.demand.from} to ${draft.demand.to}, multiplied by ${draft.demand.multiplier}`,
          ],
        ]}
      />
      <div>
        <p className="strong">Changes</p>
        <ul>
          {describeChanges(draft.changes).map((description) => (
            <li key={description}>{asText(description)}</li>
          ))}
        </ul>
      </div>
      <div className="form">
        <NumberField
          label="Runs"
          hint="More runs give narrower bounds and take longer."
          min={2}
          max={200}
          value={draft.runs}
          onChange={(runs) => set({ runs: runs ?? 20 })}
        />
        <NumberField
          label="Seed"
          hint="The same seed gives the same results."
          value={draft.seed}
          onChange={(seed) => set({ seed: seed ?? 0 })}
        />
      </div>
    </div>
  );
}
