import type { Body } from '@client/configuration';
import { tryRate } from '@client/sourcing';
import { ProblemNotice } from '@kit/feedback';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { SelectField, NumberField, selectOptions, asText } from '@kit/forms/fields';
import { reachOf, rateTableProblem, zonesOf } from './rateTable';
import { cost, typeWords } from '../labels';

/** What one parcel would cost by the table as it stands in the form, and why. Nothing is saved. */
export function TryRate({ body }: { body: Body }) {
  const zones = zonesOf(body);
  const [zone, setZone] = useState('');
  const [weight, setWeight] = useState<number | null>(10);
  const [sourceType, setSourceType] = useState('warehouse');
  const [address, setAddress] = useState('Residence');
  const names = zones.map((item) => asText(item.name));
  const wanted = names.includes(zone) ? zone : (names[0] ?? '');
  const incomplete = rateTableProblem({ ...body, title: asText(body.title) || '—' });
  const asked = useDeferredValue(JSON.stringify([body, wanted, weight, sourceType, address]));
  const answer = useQuery({
    queryKey: ['try-rate', asked],
    queryFn: ({ signal }) =>
      tryRate(
        {
          table: { ...body, title: asText(body.title) || '—' },
          zone: wanted,
          weight_kg: weight ?? 0,
          source_type: sourceType,
          business: address === 'Business',
        },
        signal,
      ),
    enabled: incomplete === '' && weight !== null,
    placeholderData: (before) => before,
    retry: false,
  });
  return (
    <fieldset className="wide try-rate">
      <legend className="form-legend">Try it</legend>
      <div className="form-row">
        <NumberField label="Weight" unit="kg" value={weight} onChange={setWeight} />
        <SelectField
          label="Zone"
          value={wanted}
          options={names.map((name, index) => ({ value: name, label: `${name} — ${reachOf(zones, index)}` }))}
          onChange={setZone}
        />
        <SelectField
          label="From"
          value={sourceType}
          options={selectOptions(Object.keys(typeWords), (entry) => typeWords[entry] ?? entry)}
          onChange={setSourceType}
        />
        <SelectField label="To a" value={address} options={selectOptions(['Residence', 'Business'])} onChange={setAddress} />
      </div>
      <output className="try-answer" aria-live="polite">
        {incomplete !== '' ? (
          <span className="muted">{incomplete}, then the price stands here.</span>
        ) : answer.error ? (
          <ProblemNotice compact error={answer.error} />
        ) : answer.data ? (
          <>
            <strong className="figure">{cost(answer.data.price)}</strong>
            <span>{answer.data.says}</span>
          </>
        ) : null}
      </output>
    </fieldset>
  );
}
