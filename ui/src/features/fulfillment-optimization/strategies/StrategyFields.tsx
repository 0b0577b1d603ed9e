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

/** What the optimizer counts, with the figure that holds when nobody wrote one. */
export const weightFields: readonly { key: string; label: string; defaultValue: number; hint?: string; minimum?: number }[] = [
  { key: 'parcel', label: 'A parcel', defaultValue: 6, hint: 'Label and packing.' },
  { key: 'per_100_km', label: 'Carriage, each 100 km', defaultValue: 0.35, hint: 'Counted where no rate table says more.' },
  { key: 'line', label: 'Picking a line', defaultValue: 0.4 },
  { key: 'unit', label: 'Handling a unit', defaultValue: 0.05 },
  { key: 'split', label: 'Each parcel after the first', defaultValue: 4 },
  { key: 'lateness_per_day', label: 'A day late', defaultValue: 2, hint: 'Against the date the buyer asked for.' },
  { key: 'capacity_pressure', label: 'A parcel beyond 80 % of a day', defaultValue: 0 },
  { key: 'stock_out', label: 'A unit from an empty shelf', defaultValue: 0, hint: 'Where days of cover are at nothing.' },
  { key: 'stock_out_days', label: 'Days of cover without risk', defaultValue: 7, minimum: 0.1 },
  { key: 'markdown_credit', label: 'Credit for a unit marked down else', defaultValue: 0 },
  { key: 'markdown_days', label: 'Days of cover where markdowns begin', defaultValue: 60, minimum: 0.1 },
  { key: 'preference', label: 'Times the preference cost', defaultValue: 1 },
  { key: 'open_line', label: 'A line without a source', defaultValue: 500, hint: 'Higher sources more, at any cost.', minimum: 0.01 },
  { key: 'unknown_distance_km', label: 'Kilometers when nobody knows', defaultValue: 4000 },
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
          { value: 'cost', label: 'Least money' },
          { value: 'distance', label: 'Least distance' },
        ]}
        onChange={(objective) => set({ objective })}
      />
      <TextField
        label="Currency"
        hint="Of every cost here; empty is the company's."
        placeholder="USD"
        value={body.currency}
        onChange={(currency) => set({ currency: currency.toUpperCase().slice(0, 3) })}
      />
      <CheckboxField
        label="Default: used when an order names none"
        value={body.is_default === true}
        onChange={(is_default) => set({ is_default })}
      />
      <SelectField
        label="Alternate"
        hint="Tries again what this one leaves unsourced."
        empty="None"
        value={body.alternate ?? ''}
        options={documentOptions(strategies.filter((strategy) => strategy.name !== name))}
        onChange={(alternate) => set({ alternate: alternate || null })}
      />
      <SelectField
        label="Sources"
        empty="Every active source"
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
        label="Holds from"
        type="date"
        value={body.effective_from ?? ''}
        onChange={(day) => set({ effective_from: day || null })}
      />
      <TextField label="Holds until" type="date" value={body.effective_to ?? ''} onChange={(day) => set({ effective_to: day || null })} />

      <h3 className="form-head">What it may do</h3>
      <CheckboxField
        label="Source what can be sourced of an order"
        hint="Off: all lines or none."
        value={body.allow_partial === true}
        onChange={(allow_partial) => set({ allow_partial })}
      />
      <CheckboxField
        label="Only sources in the buyer's country"
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
        hint="1 never divides a line."
        min={1}
        value={asNumber(body.max_line_sources, 1)}
        onChange={(max_line_sources) => set({ max_line_sources: max_line_sources ?? 1 })}
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
        empty="Money by distance"
        value={body.rate_table ?? ''}
        options={documentOptions(rates)}
        onChange={(rate_table) => set({ rate_table: rate_table || null })}
      />
      <SelectField
        label="Carrier"
        hint="Whose transit days count for lateness."
        empty="Standard ground service"
        value={body.carrier ?? ''}
        options={documentOptions(carriers)}
        onChange={(carrier) => set({ carrier, carrier_service: '' })}
      />
      {services.length > 0 && (
        <SelectField
          label="Service"
          empty="The carrier's first"
          value={body.carrier_service ?? ''}
          options={services.map((service) => ({ value: asText(service.name), label: asText(service.title) || asText(service.name) }))}
          onChange={(carrier_service) => set({ carrier_service })}
        />
      )}

      <h3 className="form-head">Weights, in money{distance && ' — not counted: the objective is distance'}</h3>
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
        label="Collect orders for a while, then plan them together"
        hint="Batches share stock best, prove how far from the best plan they are, and leave shadow prices."
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
        label="Longest search"
        unit="seconds"
        min={0.1}
        max={600}
        value={asNumber(batch.seconds, 10)}
        onChange={(seconds) => setBatch({ seconds: seconds ?? 10 })}
      />
      <CheckboxField
        wide
        label="Between batches, orders pay for what they take from later ones"
        hint="What a unit or a place in a day is worth to them is learned from the orders of the last four weeks."
        value={batch.bid_prices !== false}
        onChange={(bid_prices) => setBatch({ bid_prices })}
      />
      <NumberField
        label="Learned anew every"
        unit="minutes"
        min={0.1}
        max={1440}
        value={asNumber(batch.price_minutes, 60)}
        onChange={(price_minutes) => setBatch({ price_minutes: price_minutes ?? 60 })}
      />
      <h3 className="form-head">Re-optimizer</h3>
      <CheckboxField
        wide
        label="Improve what is sourced but not yet released"
        hint="Never worsens a promise and never touches picked work."
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
        label="Least saving per order"
        value={asNumber(reoptimize.minimum_saving, 1)}
        onChange={(minimum_saving) => setReoptimize({ minimum_saving: minimum_saving ?? 1 })}
      />
      <NumberField
        label="Moves per order, at most"
        min={1}
        value={asNumber(reoptimize.max_moves, 2)}
        onChange={(max_moves) => setReoptimize({ max_moves: max_moves ?? 2 })}
      />
      <NumberField
        label="Orders moved in a run, at most"
        min={1}
        value={asNumber(reoptimize.max_moved_orders, 500)}
        onChange={(max_moved_orders) => setReoptimize({ max_moved_orders: max_moved_orders ?? 500 })}
      />
    </>
  );
}

export const constraintNames = (body: Body): string[] => asStrings(body.constraints);
