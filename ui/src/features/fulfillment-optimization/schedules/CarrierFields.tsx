import { type Body, type ConfigurationDocument, listDocuments } from '@client/configuration';
import { PlusOutlined } from '@kit/icons';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { SelectField, documentOptions, asNumber, NumberField, asRecord, asRecords, asText, TextField } from '@kit/forms/fields';
import { RowsField } from '@kit/forms/RowsField';
import { weekdaysOrDefault, HolidaysField, WeekdaysField } from './scheduleFields';

const newService = (at: number): Body => ({
  name: at === 0 ? 'ground' : `service-${at + 1}`,
  title: at === 0 ? 'Ground' : `Service ${at + 1}`,
  bands: [{ up_to_km: null, days: 3 }],
});

/** Form of a carrier: services with transit times, delivery days and reliability. */
export function CarrierFields({ body, set }: { body: Body; set: (part: Body) => void }) {
  const rates = useQuery({ queryKey: ['configuration', 'rate_table'], queryFn: () => listDocuments('rate_table') });
  const instances = useQuery({ queryKey: ['configuration', 'provider_instance'], queryFn: () => listDocuments('provider_instance') });
  const services = asRecords(body.services);
  const change = (index: number, part: Body): void =>
    set({ services: services.map((item, at) => (at === index ? { ...item, ...part } : item)) });
  return (
    <>
      <TextField wide label="Title" value={body.title} onChange={(title) => set({ title })} />
      <SelectField
        wide
        label="Live rates from"
        hint="Quotes request live rates from this connection and fall back to the rate table."
        emptyLabel="None (use rate table)"
        value={body.live_rates ?? ''}
        options={documentOptions(instances.data ?? [])}
        onChange={(live_rates) => set({ live_rates })}
      />
      {services.map((service, index) => (
        <ServiceFields
          key={index}
          service={service}
          first={index === 0}
          rates={rates.data ?? []}
          change={(part) => change(index, part)}
          remove={services.length > 1 ? () => set({ services: services.filter((_, at) => at !== index) }) : undefined}
        />
      ))}
      <div className="wide">
        <Button icon={<PlusOutlined />} onClick={() => set({ services: [...services, newService(services.length)] })}>
          Add service
        </Button>
      </div>
      <h3 className="form-head">Days off</h3>
      <HolidaysField rows={asRecords(body.holidays)} onChange={(holidays) => set({ holidays })} />
    </>
  );
}

interface ServiceProps {
  service: Body;
  first: boolean;
  rates: ConfigurationDocument[];
  change: (part: Body) => void;
  remove?: () => void;
}

function ServiceFields({ service, first, rates, change, remove }: ServiceProps) {
  const bands = asRecords(service.bands);
  const title = asText(service.title) || asText(service.name) || 'Service';
  return (
    <>
      <h3 className="form-head form-head-acts">
        <span>
          {title} {first && <span className="muted">default service</span>}
        </span>
        {remove && (
          <Button size="small" aria-label={`Remove service ${title}`} onClick={remove}>
            Remove
          </Button>
        )}
      </h3>
      <TextField label="Name" hint="Used in strategies" value={service.name} onChange={(name) => change({ name })} />
      <TextField label="Title" hint="Shown to customers" value={service.title} onChange={(item) => change({ title: item })} />
      <RowsField
        legend="Transit days by distance"
        rows={bands}
        minimumRows={1}
        addLabel="Add distance"
        createRow={() => ({})}
        onChange={(next) => change({ bands: next.length > bands.length ? addBand(bands) : withOpenEndedLast(next) })}
      >
        {(row, changeBand, at) => (
          <>
            {at === bands.length - 1 ? (
              <div className="form-field">
                <span className="form-legend">Up to</span>
                <span className="form-fixed">{bands.length === 1 ? 'Any distance' : 'Any longer distance'}</span>
              </div>
            ) : (
              <NumberField
                label="Up to"
                unit="km"
                min={1}
                value={row.up_to_km}
                onChange={(up_to_km) => changeBand({ up_to_km: up_to_km ?? 1 })}
              />
            )}
            <NumberField label="Transit time" unit="days" max={120} value={row.days} onChange={(days) => changeBand({ days: days ?? 0 })} />
            <TextField label="Carrier’s zone" value={row.zone} onChange={(zone) => changeBand({ zone })} />
          </>
        )}
      </RowsField>
      <WeekdaysField
        label="Transit days"
        hint="Weekdays counted as transit"
        value={weekdaysOrDefault(service.moves)}
        onChange={(moves) => change({ moves })}
      />
      <WeekdaysField label="Delivery days" value={weekdaysOrDefault(service.delivers)} onChange={(delivers) => change({ delivers })} />
      <NumberField
        label="Early by up to"
        unit="days"
        max={30}
        value={asNumber(service.early_days)}
        onChange={(early_days) => change({ early_days: early_days ?? 0 })}
      />
      <NumberField
        label="Late by up to"
        unit="days"
        hint="Before a parcel counts as late"
        max={30}
        value={asNumber(service.spread_days, 1)}
        onChange={(spread_days) => change({ spread_days: spread_days ?? 0 })}
      />
      <NumberField
        label="Delay probability per transit day"
        unit="%"
        hint="Lowers the confidence of promise dates"
        max={99}
        value={Math.round(asNumber(service.slip, 0.05) * 1000) / 10}
        onChange={(slip) => change({ slip: (slip ?? 0) / 100 })}
      />
      <SelectField
        label="Prices"
        emptyLabel="The strategy's rate table"
        value={service.rate_table ?? ''}
        options={documentOptions(rates)}
        onChange={(rate_table) => change({ rate_table })}
      />
    </>
  );
}

/** Insert a distance band before the last one, which has no limit. */
function addBand(bands: Body[]): Body[] {
  const inner = bands.slice(0, -1);
  const last = bands.at(-1) ?? { days: 3 };
  const lastDistance = asNumber(inner.at(-1)?.up_to_km);
  return [
    ...inner,
    { up_to_km: lastDistance === 0 ? 500 : lastDistance * 2, days: asNumber(inner.at(-1)?.days, 0) + 1 },
    { ...last, up_to_km: null },
  ];
}

const withOpenEndedLast = (bands: Body[]): Body[] =>
  bands.map((band, index) => (index === bands.length - 1 ? { ...band, up_to_km: null } : band));

/** Return a validation message, or an empty string. */
export function validateCarrier(body: Body): string {
  if (asText(body.title) === '') return 'Enter a title';
  const services = asRecords(body.services);
  if (services.some((item) => asText(item.name) === '' || asText(item.title) === '')) return 'Enter a name and a title for every service';
  if (new Set(services.map((entry) => asText(entry.name))).size < services.length) return 'Two services have the same name';
  for (const service of services) {
    const edges = asRecords(service.bands)
      .slice(0, -1)
      .map((band) => asNumber(band.up_to_km));
    if (edges.some((edge, index) => index > 0 && edge <= (edges[index - 1] ?? 0)))
      return `${asText(service.title)}: distances must increase`;
    if (weekdaysOrDefault(service.moves).length === 0 || weekdaysOrDefault(service.delivers).length === 0)
      return `${asText(service.title)}: choose transit and delivery days`;
  }
  return '';
}

/** The range of transit days over all distances: "2–5 days". */
export function describeTransit(service: Body): string {
  const days = asRecords(service.bands).map((band) => asNumber(band.days));
  const [minimum, maximum] = [Math.min(...days), Math.max(...days)];
  return `${minimum === maximum ? minimum : `${minimum}–${maximum}`} ${maximum === 1 ? 'day' : 'days'}`;
}

export const servicesOf = (body: Body): Body[] => asRecords(body.services).map(asRecord);
