import type { Body } from '@client/configuration';
import { testRate } from '@client/sourcing';
import { ProblemNotice } from '@kit/feedback';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { SelectField, NumberField, selectOptions, asText } from '@kit/forms/fields';
import { describeZoneReach, validateRateTable, zonesOf } from './rateTable';
import { formatCost } from '@kit/costs';
import { sourceTypeLabels } from '../labels';

/** Rates a parcel with the unsaved rate table. */
export function RateTester({ body }: { body: Body }) {
  const zones = zonesOf(body);
  const [zone, setZone] = useState('');
  const [weight, setWeight] = useState<number | null>(10);
  const [sourceType, setSourceType] = useState('warehouse');
  const [address, setAddress] = useState('Residence');
  const names = zones.map((item) => asText(item.name));
  const selectedZone = names.includes(zone) ? zone : (names[0] ?? '');
  const validationMessage = validateRateTable({ ...body, title: asText(body.title) || '—' });
  const serializedRequest = useDeferredValue(JSON.stringify([body, selectedZone, weight, sourceType, address]));
  const query = useQuery({
    queryKey: ['try-rate', serializedRequest],
    queryFn: ({ signal }) =>
      testRate(
        {
          table: { ...body, title: asText(body.title) || '—' },
          zone: selectedZone,
          weight_kg: weight ?? 0,
          source_type: sourceType,
          business: address === 'Business',
        },
        signal,
      ),
    enabled: validationMessage === '' && weight !== null,
    placeholderData: (before) => before,
    retry: false,
  });
  return (
    <fieldset className="wide try-rate">
      <legend className="form-legend">Test a rate</legend>
      <div className="form-row">
        <NumberField label="Weight" unit="kg" value={weight} onChange={setWeight} />
        <SelectField
          label="Zone"
          value={selectedZone}
          options={names.map((name, index) => ({ value: name, label: `${name} — ${describeZoneReach(zones, index)}` }))}
          onChange={setZone}
        />
        <SelectField
          label="From"
          value={sourceType}
          options={selectOptions(Object.keys(sourceTypeLabels), (entry) => sourceTypeLabels[entry] ?? entry)}
          onChange={setSourceType}
        />
        <SelectField label="To a" value={address} options={selectOptions(['Residence', 'Business'])} onChange={setAddress} />
      </div>
      <output className="try-answer" aria-live="polite">
        {validationMessage !== '' ? (
          <span className="muted">{validationMessage} to see a price.</span>
        ) : query.error ? (
          <ProblemNotice compact error={query.error} />
        ) : query.data ? (
          <>
            <strong className="figure">{formatCost(query.data.price)}</strong>
            <span>{query.data.explanation}</span>
          </>
        ) : null}
      </output>
    </fieldset>
  );
}
