import { type Body, listDocuments } from '@client/configuration';
import { useQuery } from '@tanstack/react-query';
import {
  CheckboxField,
  SelectField,
  MultiSelectField,
  documentOptions,
  NumberField,
  asNumber,
  asRecord,
  asRecords,
  asStrings,
  asText,
  TextField,
} from '@kit/forms/fields';

/** Cost weights with their default values. */
export const weightFields: readonly { key: string; label: string; defaultValue: number; hint?: string; minimum?: number }[] = [
  { key: 'parcel', label: 'Cost per parcel', defaultValue: 6, hint: 'Label and packing.' },
  { key: 'per_100_km', label: 'Shipping per 100 km', defaultValue: 0.35, hint: 'Used without a rate table.' },
  { key: 'line', label: 'Picking cost per line', defaultValue: 0.4 },
  { key: 'unit', label: 'Handling cost per unit', defaultValue: 0.05 },
  { key: 'split', label: 'Cost per additional parcel', defaultValue: 4 },
  { key: 'lateness_per_day', label: 'Cost per day late', defaultValue: 2, hint: 'Relative to the requested delivery date.' },
  { key: 'capacity_pressure', label: 'Cost per parcel above 80% capacity', defaultValue: 0 },
  { key: 'stock_out', label: 'Stock-out cost per unit', defaultValue: 0, hint: 'At zero days of cover.' },
  { key: 'stock_out_days', label: 'Target days of cover', defaultValue: 7, minimum: 0.1 },
  { key: 'markdown_credit', label: 'Markdown credit per unit', defaultValue: 0 },
  { key: 'markdown_days', label: 'Markdown threshold (days of cover)', defaultValue: 60, minimum: 0.1 },
  { key: 'preference', label: 'Preference cost multiplier', defaultValue: 1 },
  { key: 'open_line', label: 'Penalty per unsourced line', defaultValue: 500, hint: 'A higher penalty sources more lines.', minimum: 0.01 },
  { key: 'unknown_distance_km', label: 'Default distance (km)', defaultValue: 4000 },
];

const useDocuments = (kind: string) => useQuery({ queryKey: ['configuration', kind], queryFn: () => listDocuments(kind) }).data ?? [];

export function StrategyFields({ name, body, set }: { name: string; body: Body; set: (part: Body) => void }) {
  const lists = useDocuments('source_list');
  const constraints = useDocuments('constraint');
  const strategies = useDocuments('strategy');
  const rates = useDocuments('rate_table');
  const carriers = useDocuments('carrier');
  const services = asRecords(carriers.find((item) => item.name === body.carrier)?.body.services);
  const distance = body.objective === 'distance';
  return (
    <>
      <TextField label="Title" value={body.title} onChange={(title) => set({ title })} />
      <SelectField
        label="Objective"
        value={asText(body.objective) || 'cost'}
        options={[
          { value: 'cost', label: 'Lowest cost' },
          { value: 'distance', label: 'Shortest distance' },
        ]}
        onChange={(objective) => set({ objective })}
      />
      <TextField
        label="Currency"
        hint="Leave empty for the company currency."
        placeholder="USD"
        value={body.currency}
        onChange={(currency) => set({ currency: currency.toUpperCase().slice(0, 3) })}
      />
      <CheckboxField label="Default strategy" value={body.is_default === true} onChange={(is_default) => set({ is_default })} />
      <SelectField
        label="Alternate"
        hint="Used for lines this strategy cannot source."
        emptyLabel="None"
        value={body.alternate ?? ''}
        options={documentOptions(strategies.filter((strategy) => strategy.name !== name))}
        onChange={(alternate) => set({ alternate: alternate || null })}
      />
      <SelectField
        label="Sources"
        emptyLabel="All active sources"
        value={body.source_list ?? ''}
        options={documentOptions(lists)}
        onChange={(source_list) => set({ source_list: source_list || null })}
      />
      <MultiSelectField
        label="Constraints"
        placeholder="None"
        value={body.constraints}
        options={documentOptions(constraints)}
        onChange={(selected) => set({ constraints: selected })}
      />
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

      <h3 className="form-head">Limits</h3>
      <CheckboxField
        label="Allow partial orders"
        hint="Otherwise all lines or none are sourced."
        value={body.allow_partial === true}
        onChange={(allow_partial) => set({ allow_partial })}
      />
      <CheckboxField
        label="Same country only"
        value={body.same_country_only === true}
        onChange={(same_country_only) => set({ same_country_only })}
      />
      <NumberField
        label="Sources per order"
        placeholder="Any number"
        min={1}
        value={body.max_sources_per_order}
        onChange={(max_sources_per_order) => set({ max_sources_per_order })}
      />
      <NumberField
        label="Sources per line"
        hint="1 does not split lines."
        min={1}
        value={asNumber(body.max_line_sources, 1)}
        onChange={(max_line_sources) => set({ max_line_sources: max_line_sources ?? 1 })}
      />
      <NumberField
        label="Retry a source that declined"
        unit="hours"
        hint="After this time, or once its stock has increased. 0 is never."
        min={0}
        value={asNumber(body.retry_refusals_after_hours, 24)}
        onChange={(hours) => set({ retry_refusals_after_hours: hours ?? 24 })}
      />
      <NumberField
        label="Maximum distance"
        unit="km"
        placeholder="Any"
        min={1}
        value={body.maximum_distance_km}
        onChange={(maximum_distance_km) => set({ maximum_distance_km })}
      />
      <SelectField
        label="Shipping rates"
        emptyLabel="By distance"
        value={body.rate_table ?? ''}
        options={documentOptions(rates)}
        onChange={(rate_table) => set({ rate_table: rate_table || null })}
      />
      <SelectField
        label="Carrier"
        hint="Transit times for delivery dates."
        emptyLabel="Standard ground service"
        value={body.carrier ?? ''}
        options={documentOptions(carriers)}
        onChange={(carrier) => set({ carrier, carrier_service: '' })}
      />
      {services.length > 0 && (
        <SelectField
          label="Service"
          emptyLabel="Default service"
          value={body.carrier_service ?? ''}
          options={services.map((service) => ({ value: asText(service.name), label: asText(service.title) || asText(service.name) }))}
          onChange={(carrier_service) => set({ carrier_service })}
        />
      )}

      <h3 className="form-head">Cost weights{distance && ' (not used with the distance objective)'}</h3>
      <Weights body={body} set={set} />
      <Planning body={body} set={set} />
    </>
  );
}

function Weights({ body, set }: { body: Body; set: (part: Body) => void }) {
  const weights = asRecord(body.weights);
  return weightFields.map((weightWord) => (
    <NumberField
      key={weightWord.key}
      label={weightWord.label}
      hint={weightWord.hint}
      min={weightWord.minimum ?? 0}
      value={asNumber(weights[weightWord.key], weightWord.defaultValue)}
      onChange={(value) => set({ weights: { ...weights, [weightWord.key]: value ?? weightWord.defaultValue } })}
    />
  ));
}

function Planning({ body, set }: { body: Body; set: (part: Body) => void }) {
  const batch = asRecord(body.batch);
  const reoptimize = asRecord(body.reoptimize);
  const setBatch = (part: Body): void => set({ batch: { ...batch, ...part } });
  const setReoptimize = (part: Body): void => set({ reoptimize: { ...reoptimize, ...part } });
  return (
    <>
      <h3 className="form-head">Batches</h3>
      <CheckboxField
        wide
        label="Plan orders in batches"
        hint="Batches use stock better and provide optimality gaps and shadow prices."
        value={batch.enabled === true}
        onChange={(enabled) => setBatch({ enabled })}
      />
      <NumberField
        label="Batch window"
        unit="minutes"
        min={0.1}
        max={1440}
        value={asNumber(batch.minutes, 2)}
        onChange={(minutes) => setBatch({ minutes: minutes ?? 2 })}
      />
      <NumberField
        label="Time limit"
        unit="seconds"
        min={0.1}
        max={600}
        value={asNumber(batch.seconds, 10)}
        onChange={(seconds) => setBatch({ seconds: seconds ?? 10 })}
      />
      <CheckboxField
        wide
        label="Use opportunity costs between batches"
        hint="The cost of scarce stock and capacity is learned from the last four weeks of orders."
        value={batch.bid_prices !== false}
        onChange={(bid_prices) => setBatch({ bid_prices })}
      />
      <NumberField
        label="Update opportunity costs every"
        unit="minutes"
        min={0.1}
        max={1440}
        value={asNumber(batch.price_minutes, 60)}
        onChange={(price_minutes) => setBatch({ price_minutes: price_minutes ?? 60 })}
      />
      <h3 className="form-head">Re-optimizer</h3>
      <CheckboxField
        wide
        label="Re-optimize sourced orders before release to fulfillment"
        hint="Promises do not get worse, and picked orders do not change."
        value={reoptimize.enabled === true}
        onChange={(enabled) => setReoptimize({ enabled })}
      />
      <NumberField
        label="Every"
        unit="minutes"
        min={0.1}
        max={1440}
        value={asNumber(reoptimize.minutes, 15)}
        onChange={(minutes) => setReoptimize({ minutes: minutes ?? 15 })}
      />
      <NumberField
        label="Minimum saving per order"
        value={asNumber(reoptimize.minimum_saving, 1)}
        onChange={(minimum_saving) => setReoptimize({ minimum_saving: minimum_saving ?? 1 })}
      />
      <NumberField
        label="Maximum moves per order"
        min={1}
        value={asNumber(reoptimize.max_moves, 2)}
        onChange={(max_moves) => setReoptimize({ max_moves: max_moves ?? 2 })}
      />
      <NumberField
        label="Maximum orders moved per run"
        min={1}
        value={asNumber(reoptimize.max_moved_orders, 500)}
        onChange={(max_moved_orders) => setReoptimize({ max_moved_orders: max_moved_orders ?? 500 })}
      />
    </>
  );
}

export const constraintNames = (body: Body): string[] => asStrings(body.constraints);
