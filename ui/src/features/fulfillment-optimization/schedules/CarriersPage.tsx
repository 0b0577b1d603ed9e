import { type ConfigurationDocument, listDocuments } from '@client/configuration';
import { TruckOutlined } from '@kit/icons';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { CarrierFields, carrierProblem, servicesOf, transitWords } from './CarrierFields';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentsList } from '../documents/DocumentListPage';
import { records, text } from '@kit/forms/fields';
import { holidayWords } from './scheduleFields';
import { DocumentLink } from '../documents/documentLinks';

const fresh: ConfigurationDocument = {
  kind: 'carrier',
  name: '',
  body: { title: '', services: [{ name: 'ground', title: 'Ground', bands: [{ up_to_km: null, days: 3 }] }] },
};

/** Who carries parcels, and how long each service takes. */
export default function CarriersPage() {
  const schedules = useQuery({ queryKey: ['configuration', 'pickup_schedule'], queryFn: () => listDocuments('pickup_schedule') });
  return (
    <DocumentsList
      kind="carrier"
      title="Carriers"
      noun="carrier"
      lead="Who carries parcels: services, transit days by distance, and the days each moves and delivers."
      icon={<TruckOutlined />}
      belongs="Without carriers a standard ground service counts for promise dates. Add yours with its services, then name it in a strategy."
      fresh={fresh}
      columns={[
        {
          key: 'services',
          title: 'Services',
          render: (row) => (
            <span className="clamp">
              {servicesOf(row.body).map((one, at) => (
                <span key={text(one.name)}>
                  {at > 0 && ', '}
                  {text(one.title)} <span className="muted">{transitWords(one)}</span>
                </span>
              ))}
            </span>
          ),
        },
        {
          key: 'rates',
          title: 'Rates',
          render: (row) => {
            if (text(row.body.live_rates)) return `Live from ${text(row.body.live_rates)}`;
            const names = [...new Set(servicesOf(row.body).flatMap((one) => text(one.rate_table) || []))];
            if (names.length === 0) return <span className="muted">The strategy’s</span>;
            return names.map((name, at) => (
              <span key={name}>
                {at > 0 && ', '}
                <DocumentLink page="/rate-tables" name={name} />
              </span>
            ));
          },
        },
        {
          key: 'pickups',
          title: 'Pickup schedules',
          render: (row) => {
            const count = (schedules.data ?? []).filter((one) => one.body.carrier === row.name).length;
            return <Link to={`/pickup-schedules?search=${encodeURIComponent(row.name)}`}>{count === 0 ? 'Add one' : `${count}`}</Link>;
          },
        },
        {
          key: 'holidays',
          title: 'Holidays',
          render: (row) => holidayWords(records(row.body.holidays)) || <span className="muted">None</span>,
        },
      ]}
      drawer={(document, isNew, close) => (
        <DocumentDrawer key={document.name} document={document} isNew={isNew} noun="carrier" onClose={close} complete={carrierProblem}>
          {(body, set) => <CarrierFields body={body} set={set} />}
        </DocumentDrawer>
      )}
    />
  );
}
