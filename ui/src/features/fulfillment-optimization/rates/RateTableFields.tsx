import type { Body } from '@client/configuration';
import { CloseOutlined, PlusOutlined } from '@kit/icons';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Button, InputNumber } from 'antd';
import { useState } from 'react';
import { CheckboxField, SelectField, asNumber, NumberField, selectOptions, asRecords, asText, TextField } from '@kit/forms/fields';
import { priceAt, describeZoneReach, renameZone, weightsOf, withPrice, withWeight, zonesOf } from './rateTable';
import { RowsField } from '@kit/forms/RowsField';
import { RateTester } from './RateTester';
import { sourceTypeLabels } from '../labels';

/** Form of a rate table: zones, prices by weight and zone, and rate factors. */
export function RateTableFields({ body, set }: { body: Body; set: (part: Body) => void }) {
  const zones = zonesOf(body);
  return (
    <>
      <TextField wide label="Title" value={body.title} onChange={(title) => set({ title })} />
      <RowsField
        legend="Zones by distance"
        hint="A parcel uses the first zone that covers its distance. The last zone has no limit."
        rows={zones}
        minimumRows={1}
        addLabel="Add zone"
        createRow={() => ({})}
        onChange={(next) => set(next.length > zones.length ? { zones: addZone(zones) } : removeZone(body, next))}
      >
        {(row, change, at) => (
          <>
            <TextField label="Zone" value={row.name} onChange={(name) => set(renameZone(body, at, name))} />
            {at === zones.length - 1 ? (
              <div className="form-field">
                <span className="form-legend">Covers</span>
                <span className="form-fixed">{zones.length === 1 ? 'Any distance' : 'Any longer distance'}</span>
              </div>
            ) : (
              <NumberField
                label="Up to"
                unit="km"
                min={1}
                value={row.up_to_km}
                onChange={(up_to_km) => change({ up_to_km: up_to_km ?? 1 })}
              />
            )}
          </>
        )}
      </RowsField>
      <Prices body={body} set={set} />
      <NumberField
        label="Per kg above the heaviest weight"
        value={asNumber(body.per_kg_beyond)}
        onChange={(per_kg_beyond) => set({ per_kg_beyond: per_kg_beyond ?? 0 })}
      />
      <Factors rows={asRecords(body.factors)} onChange={(factors) => set({ factors })} />
      <RateTester body={body} />
    </>
  );
}

/** Prices by weight (rows) and zone (columns). */
function Prices({ body, set }: { body: Body; set: (part: Body) => void }) {
  const [emptyWeights, setEmptyWeights] = useState<number[]>([]); // weights without a price
  const zones = zonesOf(body);
  const weights = [...new Set([...weightsOf(body), ...emptyWeights])].sort((a, b) => a - b);
  const move = (kg: number, next: number | null): void => {
    if (next === null || next <= 0 || weights.includes(next)) return;
    setEmptyWeights(emptyWeights.map((item) => (item === kg ? next : item)));
    set({ prices: withWeight(body, kg, next) });
  };
  const remove = (kg: number): void => {
    setEmptyWeights(emptyWeights.filter((entry) => entry !== kg));
    set({ prices: asRecords(body.prices).filter((candidate) => candidate.up_to_kg !== kg) });
  };
  return (
    <fieldset className="wide form-rows">
      <legend className="form-legend">Parcel prices</legend>
      {weights.length > 0 && (
        <HorizontalScroll label="Prices" className="matrix">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Up to</th>
                {zones.map((zone, index) => (
                  <th key={index} scope="col">
                    {asText(zone.name) || '—'} <span className="small">{describeZoneReach(zones, index)}</span>
                  </th>
                ))}
                <th />
              </tr>
            </thead>
            <tbody>
              {weights.map((kg) => (
                <tr key={kg}>
                  <th scope="row">
                    <InputNumber
                      aria-label={`Weight of the row up to ${kg} kg`}
                      suffix="kg"
                      min={0.001}
                      defaultValue={kg}
                      onBlur={(event) => move(kg, Number(event.target.value) || null)}
                      onPressEnter={(event) => move(kg, Number(event.currentTarget.value) || null)}
                    />
                  </th>
                  {zones.map((zone, index) => (
                    <td key={index}>
                      <InputNumber
                        aria-label={`Price up to ${kg} kg in zone ${asText(zone.name)}`}
                        min={0}
                        step={0.5}
                        placeholder="none"
                        value={priceAt(body, asText(zone.name), kg)}
                        onChange={(price) => set({ prices: withPrice(body, asText(zone.name), kg, price) })}
                      />
                    </td>
                  ))}
                  <td>
                    <Button type="text" icon={<CloseOutlined />} aria-label={`Remove the row up to ${kg} kg`} onClick={() => remove(kg)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </HorizontalScroll>
      )}
      <span className="muted small">
        {weights.length === 0
          ? 'No prices: parcels use the fallback of their shipping rate factor.'
          : 'A zone without prices uses the fallback of its shipping rate factor.'}
      </span>
      <Button
        style={{ justifySelf: 'start' }}
        icon={<PlusOutlined />}
        onClick={() => setEmptyWeights([...emptyWeights, weights.length === 0 ? 1 : (weights.at(-1) ?? 1) * 2])}
      >
        Add weight
      </Button>
    </fieldset>
  );
}

function Factors({ rows, onChange }: { rows: Body[]; onChange: (rows: Body[]) => void }) {
  return (
    <RowsField
      legend="Shipping rate factors"
      hint="Adjusts prices and provides a fallback. The most specific row for source and address applies."
      rows={rows}
      addLabel="Add factor"
      createRow={(all) => ({ name: `factor-${all.length + 1}`, address_type: 'Any', rate_factor: 0 })}
      onChange={onChange}
    >
      {(row, change) => (
        <>
          <TextField label="Name" value={row.name} onChange={(name) => change({ name })} />
          <SelectField
            label="Source type"
            emptyLabel="All types"
            value={row.source_type ?? ''}
            options={selectOptions(Object.keys(sourceTypeLabels), (item) => sourceTypeLabels[item] ?? item)}
            onChange={(source_type) => change({ source_type: source_type || null })}
          />
          <SelectField
            label="Address"
            value={row.address_type ?? 'Any'}
            options={selectOptions(['Any', 'Business', 'Residence'])}
            onChange={(address_type) => change({ address_type })}
          />
          <NumberField
            label="Adjustment"
            unit="%"
            min={-100}
            value={asNumber(row.rate_factor)}
            onChange={(rate_factor) => change({ rate_factor: rate_factor ?? 0 })}
          />
          <NumberField
            label="Fallback up to"
            unit="kg"
            value={asNumber(row.fallback_weight)}
            onChange={(kg) => change({ fallback_weight: kg ?? 0 })}
          />
          <NumberField
            label="Fallback price"
            value={asNumber(row.fallback_rate)}
            onChange={(rate) => change({ fallback_rate: rate ?? 0 })}
          />
          <NumberField
            label="Per additional kg"
            value={asNumber(row.fallback_increment)}
            onChange={(increment) => change({ fallback_increment: increment ?? 0 })}
          />
          <CheckboxField label="Free shipping" value={row.free_shipping === true} onChange={(free_shipping) => change({ free_shipping })} />
        </>
      )}
    </RowsField>
  );
}

/** Insert a zone before the last one, which has no limit. */
function addZone(zones: Body[]): Body[] {
  const inner = zones.slice(0, -1);
  const last = zones.at(-1) ?? { name: 'far' };
  const names = zones.map((zone) => asText(zone.name));
  let at = zones.length;
  while (names.includes(String(at))) at += 1;
  const lastDistance = asNumber(inner.at(-1)?.up_to_km);
  return [...inner, { name: String(at), up_to_km: lastDistance === 0 ? 500 : lastDistance * 2 }, { ...last, up_to_km: null }];
}

/** Remove a zone with its prices. */
function removeZone(body: Body, zones: Body[]): Body {
  const names = zones.map((zone) => asText(zone.name));
  return {
    zones: zones.map((item, index) => (index === zones.length - 1 ? { ...item, up_to_km: null } : item)),
    prices: asRecords(body.prices).filter((price) => names.includes(asText(price.zone))),
  };
}
