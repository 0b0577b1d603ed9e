import { type ConfigurationDocument, listDocuments } from '@client/configuration';
import { TruckOutlined } from '@kit/icons';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { CarrierFields, validateCarrier, servicesOf, describeTransit } from './CarrierFields';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentListPage } from '../documents/DocumentListPage';
import { asRecords, asText } from '@kit/forms/fields';
import { describeHolidays } from './scheduleFields';
import { DocumentLink } from '../documents/documentLinks';

const newDocument: ConfigurationDocument = {
  kind: 'carrier',
  name: '',
  body: { title: '', services: [{ name: 'ground', title: 'Ground', bands: [{ up_to_km: null, days: 3 }] }] },
};

/** Carriers with their services and transit times. */
export default function CarriersPage() {
  const schedules = useQuery({ queryKey: ['configuration', 'pickup_schedule'], queryFn: () => listDocuments('pickup_schedule') });
  return (
    <DocumentListPage
      kind="carrier"
      title="Carriers"
      noun="carrier"
      description="Carrier services with transit times and delivery days."
      icon={<TruckOutlined />}
      emptyDescription="Without carriers, promise dates use a standard ground service. Add a carrier and select it in a strategy."
      newDocument={newDocument}
      columns={[
        {
          id: 'services',
          title: 'Services',
          cell: (row) => (
            <span className="clamp">
              {servicesOf(row.body).map((item, index) => (
                <span key={asText(item.name)}>
                  {index > 0 && ', '}
                  {asText(item.title)} <span className="muted">{describeTransit(item)}</span>
                </span>
              ))}
            </span>
          ),
        },
        {
          id: 'rates',
          title: 'Rates',
          cell: (row) => {
            if (asText(row.body.live_rates)) return `Live from ${asText(row.body.live_rates)}`;
            const names = [...new Set(servicesOf(row.body).flatMap((entry) => asText(entry.rate_table) || []))];
            if (names.length === 0) return <span className="muted">From strategy</span>;
            return names.map((name, index) => (
              <span key={name}>
                {index > 0 && ', '}
                <DocumentLink page="/rate-tables" name={name} />
              </span>
            ));
          },
        },
        {
          id: 'pickups',
          title: 'Pickup schedules',
          cell: (row) => {
            const count = (schedules.data ?? []).filter((schedule) => schedule.body.carrier === row.name).length;
            return <Link to={`/pickup-schedules?search=${encodeURIComponent(row.name)}`}>{count === 0 ? 'Add one' : `${count}`}</Link>;
          },
        },
        {
          id: 'holidays',
          title: 'Holidays',
          cell: (row) => describeHolidays(asRecords(row.body.holidays)) || <span className="muted">None</span>,
        },
      ]}
      drawer={(document, isNew, close) => (
        <DocumentDrawer key={document.name} document={document} isNew={isNew} noun="carrier" onClose={close} validate={validateCarrier}>
          {(body, set) => <CarrierFields body={body} set={set} />}
        </DocumentDrawer>
      )}
    />
  );
}
