import { type ConfigurationDocument, listDocuments } from '@client/configuration';
import { DollarOutlined } from '@kit/icons';
import { useQuery } from '@tanstack/react-query';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentListPage } from '../documents/DocumentListPage';
import { asNumber, asRecords, asText } from '@kit/forms/fields';
import { validateRateTable, describeZoneReach, weightsOf, zonesOf } from './rateTable';
import { RateTableFields } from './RateTableFields';
import { DocumentLink } from '../documents/documentLinks';
import { formatCost } from '@kit/costs';
import { formatDecimal } from '../labels';

const newDocument: ConfigurationDocument = {
  kind: 'rate_table',
  name: '',
  body: {
    title: '',
    zones: [
      { name: 'near', up_to_km: 500 },
      { name: 'far', up_to_km: null },
    ],
    prices: [],
    factors: [],
  },
};

/** Parcel prices by distance and weight. */
export default function RateTablesPage() {
  const strategies = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const carriers = useQuery({ queryKey: ['configuration', 'carrier'], queryFn: () => listDocuments('carrier') });
  return (
    <DocumentListPage
      kind="rate_table"
      title="Rate tables"
      noun="rate table"
      description="Parcel prices by distance and weight, with shipping rate factors."
      icon={<DollarOutlined />}
      emptyDescription="Without a rate table, shipping is priced by distance. Add your carrier prices and select the table in a strategy or carrier service."
      newDocument={newDocument}
      columns={[
        {
          id: 'zones',
          title: 'Zones',
          cell: (row) => {
            const zones = zonesOf(row.body);
            return (
              <span className="clamp muted">
                {zones.map((zone, index) => `${asText(zone.name)} ${describeZoneReach(zones, index)}`).join(', ')}
              </span>
            );
          },
        },
        {
          id: 'weights',
          title: 'Weights',
          cell: (row) => {
            const weights = weightsOf(row.body);
            if (weights.length === 0) return <span className="muted">None</span>;
            return <span className="figure">{`${weights.length}, up to ${formatDecimal(weights.at(-1) ?? 0)} kg`}</span>;
          },
        },
        {
          id: 'prices',
          title: 'Prices',
          align: 'right',
          cell: (row) => {
            const prices = asRecords(row.body.prices).map((price) => asNumber(price.price));
            if (prices.length === 0) return <span className="muted">Fallback only</span>;
            return <span className="figure">{`${formatCost(Math.min(...prices))} – ${formatCost(Math.max(...prices))}`}</span>;
          },
        },
        {
          id: 'factors',
          title: 'Factors',
          cell: (row) => (
            <span className="clamp">
              {asRecords(row.body.factors)
                .map(
                  (factor) =>
                    `${asText(factor.name)} ${asNumber(factor.rate_factor) >= 0 ? '+' : '−'}${Math.abs(asNumber(factor.rate_factor))}%`,
                )
                .join(', ') || <span className="muted">None</span>}
            </span>
          ),
        },
        {
          id: 'used',
          title: 'Used by',
          cell: (row) => {
            const by = [
              ...(strategies.data ?? [])
                .filter((strategy) => strategy.body.rate_table === row.name)
                .map((item) => ['/strategies', item.name] as const),
              ...(carriers.data ?? [])
                .filter((carrier) => asRecords(carrier.body.services).some((service) => service.rate_table === row.name))
                .map((entry) => ['/carriers', entry.name] as const),
            ];
            if (by.length === 0) return <span className="muted">Not used</span>;
            return by.map(([page, name], index) => (
              <span key={`${page} ${name}`}>
                {index > 0 && ', '}
                <DocumentLink page={page} name={name} />
              </span>
            ));
          },
        },
      ]}
      drawer={(document, isNew, close) => (
        <DocumentDrawer
          key={document.name}
          document={document}
          isNew={isNew}
          noun="rate table"
          size={920}
          onClose={close}
          validate={validateRateTable}
        >
          {(body, set) => <RateTableFields body={body} set={set} />}
        </DocumentDrawer>
      )}
    />
  );
}
