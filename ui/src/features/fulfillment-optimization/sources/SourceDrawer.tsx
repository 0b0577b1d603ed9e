import { type Body, type ConfigurationDocument, listDocuments } from '@client/configuration';
import { QueryContent } from '@kit/feedback';
import { useQuery } from '@tanstack/react-query';
import { Drawer } from 'antd';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import {
  CheckboxField,
  SelectField,
  MultiSelectField,
  documentOptions,
  NumberField,
  asNumber,
  selectOptions,
  asRecord,
  asStrings,
  asText,
  TextField,
} from '@kit/forms/fields';
import { ZoneField } from '../schedules/scheduleFields';
import { DocumentLink } from '../documents/documentLinks';
import { capabilityLabels, sourceTypeLabels } from '../labels';

const newDocument: ConfigurationDocument = {
  kind: 'source',
  name: '',
  body: { title: '', type: 'warehouse', active: true, address: { country: 'US' }, time_zone: 'UTC' },
};

/** A form for an existing or new source. */
export function SourceDrawer({ name, onClose }: { name: string; onClose: () => void }) {
  const documents = useQuery({ queryKey: ['configuration', 'source'], queryFn: () => listDocuments('source') });
  const calendars = useQuery({ queryKey: ['configuration', 'calendar'], queryFn: () => listDocuments('calendar') });
  const pickups = useQuery({ queryKey: ['configuration', 'pickup_schedule'], queryFn: () => listDocuments('pickup_schedule') });
  const data = name === '' ? newDocument : documents.data?.find((document) => document.name === name);
  if (!data)
    return (
      <Drawer open size={680} onClose={onClose} title={`Source ${name}`}>
        <QueryContent query={documents} rows={10}>
          {() => <p>This source no longer exists.</p>}
        </QueryContent>
      </Drawer>
    );
  return (
    <DocumentDrawer
      key={data.name}
      document={data}
      isNew={name === ''}
      noun="source"
      onClose={onClose}
      validate={(body) =>
        asText(body.title) === '' ? 'Enter a title' : asText(asRecord(body.address).country) === '' ? 'Enter a country' : ''
      }
    >
      {(body, set) => <SourceFields body={body} set={set} calendars={calendars.data ?? []} pickups={pickups.data ?? []} />}
    </DocumentDrawer>
  );
}

interface Props {
  body: Body;
  set: (part: Body) => void;
  calendars?: ConfigurationDocument[];
  pickups?: ConfigurationDocument[];
}

export function SourceFields({ body, set, calendars = [], pickups = [] }: Props) {
  const handling = asRecord(body.handling);
  const setHandling = (part: Body): void => set({ handling: { ...handling, ...part } });
  return (
    <>
      <TextField label="Title" value={body.title} onChange={(title) => set({ title })} />
      <SelectField
        label="Type"
        value={body.type ?? 'warehouse'}
        options={selectOptions(Object.keys(sourceTypeLabels), (item) => sourceTypeLabels[item] ?? item)}
        onChange={(type) => set({ type })}
      />
      <CheckboxField wide label="Active (ships orders)" value={body.active !== false} onChange={(active) => set({ active })} />
      <MultiSelectField
        wide
        label="Capabilities"
        value={body.capabilities ?? ['ship']}
        options={selectOptions(Object.keys(capabilityLabels), (entry) => capabilityLabels[entry] ?? entry)}
        onChange={(capabilities) => set({ capabilities })}
      />
      <AddressFields body={body} set={set} />
      <h3 className="form-head">Schedule</h3>
      <ZoneField value={body.time_zone ?? 'UTC'} onChange={(time_zone) => set({ time_zone })} />
      <SelectField
        label="Calendar"
        emptyLabel="Always open"
        hint={asText(body.calendar) && <DocumentLink page="/calendars" name={asText(body.calendar)} />}
        value={body.calendar ?? ''}
        options={documentOptions(calendars)}
        onChange={(calendar) => set({ calendar: calendar || null })}
      />
      <TextField
        label="Cut-off"
        type="time"
        hint="Local time. Later orders are processed on the next working day."
        value={body.cutoff ?? ''}
        onChange={(cutoff) => set({ cutoff: cutoff || null })}
      />
      <SelectField
        label="Pickups"
        emptyLabel="Whenever it is open"
        hint={asText(body.pickup_schedule) && <DocumentLink page="/pickup-schedules" name={asText(body.pickup_schedule)} />}
        value={body.pickup_schedule ?? ''}
        options={documentOptions(pickups)}
        onChange={(pickup_schedule) => set({ pickup_schedule: pickup_schedule || null })}
      />
      <NumberField
        label="Processing, days"
        value={asNumber(body.processing_days, 1)}
        max={365}
        onChange={(processing_days) => set({ processing_days: processing_days ?? 1 })}
      />
      <NumberField
        label="Processing, hours"
        hint="Overrides processing days."
        value={body.processing_hours}
        max={720}
        onChange={(processing_hours) => set({ processing_hours })}
      />
      <h3 className="form-head">Capacity and cost</h3>
      <NumberField
        label="Parcels per day"
        placeholder="No limit"
        value={body.daily_parcels}
        onChange={(daily_parcels) => set({ daily_parcels })}
      />
      <NumberField
        label="Order lines per day"
        placeholder="No limit"
        value={body.daily_lines}
        onChange={(daily_lines) => set({ daily_lines })}
      />
      <NumberField
        label="Handling per parcel"
        placeholder="From strategy"
        value={handling.per_parcel}
        onChange={(per_parcel) => setHandling({ per_parcel })}
      />
      <NumberField
        label="Handling per line"
        placeholder="From strategy"
        value={handling.per_line}
        onChange={(per_line) => setHandling({ per_line })}
      />
      <NumberField
        label="Handling per unit"
        placeholder="From strategy"
        value={handling.per_unit}
        onChange={(per_unit) => setHandling({ per_unit })}
      />
      <NumberField
        label="Preference cost"
        hint="Added cost per parcel to prefer other sources."
        value={asNumber(body.preference_cost)}
        onChange={(preference_cost) => set({ preference_cost: preference_cost ?? 0 })}
      />
      <NumberField
        label="Safety stock"
        unit="units"
        hint="Applies with a safety stock constraint."
        value={asNumber(body.safety_stock)}
        onChange={(safety_stock) => set({ safety_stock: safety_stock ?? 0 })}
      />
    </>
  );
}

function AddressFields({ body, set }: Props) {
  const address = asRecord(body.address);
  const change = (part: Body): void => set({ address: { ...address, ...part } });
  const line = (key: string, label: string, wide = false) => (
    <TextField key={key} wide={wide} label={label} value={address[key]} onChange={(value) => change({ [key]: value })} />
  );
  return (
    <>
      <h3 className="form-head">Address</h3>
      {line('line1', 'Street', true)}
      {line('city', 'City')}
      {line('state', 'State')}
      {line('postal_code', 'Postal code')}
      <TextField
        label="Country"
        hint="Two letters, such as US"
        value={address.country}
        onChange={(country) => change({ country: country.toUpperCase().slice(0, 2) })}
      />
      <NumberField
        label="Latitude"
        placeholder="From the address"
        min={-90}
        max={90}
        value={address.latitude}
        onChange={(latitude) => change({ latitude })}
      />
      <NumberField
        label="Longitude"
        placeholder="From the address"
        min={-180}
        max={180}
        value={address.longitude}
        onChange={(longitude) => change({ longitude })}
      />
    </>
  );
}

export const capabilitiesOf = (settings: Body): string =>
  asStrings(settings.capabilities)
    .map((capability) => capabilityLabels[capability] ?? capability)
    .join(', ');
