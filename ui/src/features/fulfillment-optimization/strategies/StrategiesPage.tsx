import { listDocuments } from '@client/configuration';
import { ThunderboltOutlined } from '@kit/icons';
import { Badge } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentListPage } from '../documents/DocumentListPage';
import { asNumber, asRecord, asText } from '@kit/forms/fields';
import { describeEffectiveDates } from '../constraints/describeConstraint';
import { constraintNames, StrategyFields } from './StrategyFields';

const newDocument = { kind: 'strategy', name: '', body: { title: '' } };
/** The strategy used until one named `default` exists or another is marked as default. */
const builtIn = (isDefault: boolean) => [
  {
    kind: 'strategy',
    name: 'default',
    body: { title: 'Lowest cost from any active source', is_default: isDefault, batch: { enabled: false, contention: null } },
  },
];

/** Sourcing strategies. */
export default function StrategiesPage() {
  const written = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const marked = (written.data ?? []).some((item) => item.body.is_default === true);
  return (
    <DocumentListPage
      kind="strategy"
      title="Strategies"
      noun="strategy"
      description="How orders are sourced: sources, constraints and cost weights."
      icon={<ThunderboltOutlined />}
      emptyDescription="A strategy defines how orders are sourced."
      newDocument={newDocument}
      builtIn={builtIn(!marked)}
      columns={[
        {
          id: 'default',
          title: 'Usage',
          cell: (row) => (row.body.is_default === true ? <Badge tone="done">Default</Badge> : <span className="muted">On request</span>),
        },
        { id: 'objective', title: 'Objective', cell: (row) => (row.body.objective === 'distance' ? 'Shortest distance' : 'Lowest cost') },
        {
          id: 'sources',
          title: 'Sources',
          cell: (row) => asText(row.body.source_list) || <span className="muted">All active sources</span>,
        },
        {
          id: 'constraints',
          title: 'Constraints',
          cell: (row) => <span className="clamp">{constraintNames(row.body).join(', ') || <span className="muted">None</span>}</span>,
        },
        { id: 'alternate', title: 'Alternate', cell: (row) => asText(row.body.alternate) || <span className="muted">None</span> },
        {
          id: 'batch',
          title: 'Planning',
          cell: (row) => {
            const batch = asRecord(row.body.batch);
            return batch.enabled === true ? `Batches every ${asNumber(batch.minutes, 2)} min` : 'Immediately';
          },
        },
        { id: 'dates', title: 'Dates', cell: (row) => describeEffectiveDates(row.body) || <span className="muted">Always</span> },
        { id: 'plans', title: 'Plans', cell: (row) => <Link to={`/plans?strategy=${encodeURIComponent(row.name)}`}>View plans</Link> },
      ]}
      drawer={(document, isNew, close, isBuiltIn) => (
        <DocumentDrawer
          key={document.name}
          document={document}
          isNew={isNew}
          isBuiltIn={isBuiltIn}
          noun="strategy"
          onClose={close}
          validate={(body) => (asText(body.title) === '' ? 'Enter a title' : '')}
        >
          {(body, set) => <StrategyFields name={document.name} body={body} set={set} />}
        </DocumentDrawer>
      )}
    />
  );
}
