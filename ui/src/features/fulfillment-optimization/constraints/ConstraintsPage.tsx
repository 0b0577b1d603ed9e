import { FileProtectOutlined } from '@kit/icons';
import { Badge, StateTag } from '@kit/states';
import { constraintKindTitle, useConstraintKinds } from './constraintKinds';
import { describeConstraint, describeEffectiveDates, isInEffect } from './describeConstraint';
import { ConstraintFields } from './ConstraintFields';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentListPage } from '../documents/DocumentListPage';
import { asNumber, asText } from '@kit/forms/fields';
import { formatCost } from '@kit/costs';

const newDocument = {
  kind: 'constraint',
  name: '',
  body: { title: '', type: 'maximum_distance', hard: true, enabled: true, entries: [{ distance: 500, unit: 'km' }] },
};

/** Sourcing rules and their enforcement. */
export default function ConstraintsPage() {
  const kinds = useConstraintKinds();
  const today = new Date().toISOString().slice(0, 10);
  return (
    <DocumentListPage
      kind="constraint"
      title="Constraints"
      noun="constraint"
      description="Sourcing rules. Hard constraints are always enforced; soft constraints can be violated at a cost. Strategies select the constraints that apply."
      icon={<FileProtectOutlined />}
      emptyDescription="Add constraints to limit distance, splitting or stock usage, then select them in a strategy."
      newDocument={newDocument}
      columns={[
        { id: 'type', title: 'Type', cell: (row) => constraintKindTitle(kinds, asText(row.body.type)) },
        { id: 'parameters', title: 'Parameters', cell: (row) => <span className="clamp">{describeConstraint(row.body)}</span> },
        {
          id: 'hard',
          title: 'Strictness',
          cell: (row) =>
            row.body.hard === false ? (
              <Badge>Soft, {formatCost(asNumber(row.body.penalty, 100))} per violation</Badge>
            ) : (
              <Badge tone="attention">Hard</Badge>
            ),
        },
        { id: 'dates', title: 'Dates', cell: (row) => describeEffectiveDates(row.body) || <span className="muted">Always</span> },
        {
          id: 'state',
          title: 'State',
          cell: (row) => (
            <StateTag
              state={isInEffect(row.body, today) ? 'active' : 'inactive'}
              label={row.body.enabled === false ? 'Disabled' : isInEffect(row.body, today) ? 'Active' : 'Not in effect'}
            />
          ),
        },
      ]}
      drawer={(document, isNew, close) => (
        <DocumentDrawer
          key={document.name}
          document={document}
          isNew={isNew}
          noun="constraint"
          onClose={close}
          validate={(body) => (asText(body.title) === '' ? 'Enter a title' : '')}
        >
          {(body, _, replace) => <ConstraintFields body={body} replace={replace} isNew={isNew} />}
        </DocumentDrawer>
      )}
    />
  );
}
