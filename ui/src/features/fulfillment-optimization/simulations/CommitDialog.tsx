import { commitSimulation, type DocumentDelta, type SimulationView } from '@client/sourcing';
import { ProblemNotice } from '@kit/feedback';
import { Badge } from '@kit/states';
import { humanize } from '@vocabulary';
import { useMutation } from '@tanstack/react-query';
import { App, Button, Modal } from 'antd';
import { describeValue } from './describeChanges';

/** Shows the fields that a commit changes, and commits them. */
export function CommitDialog({ simulation, onClose, onDone }: { simulation: SimulationView; onClose: () => void; onDone: () => void }) {
  const { message } = App.useApp();
  const changed = simulation.changed.filter((item) => item.change !== 'unchanged');
  const commit = useMutation({
    mutationFn: () => commitSimulation(simulation.id),
    onSuccess: () => {
      message.success(`${simulation.name} committed`);
      onDone();
      onClose();
    },
  });
  return (
    <Modal
      open
      width={720}
      title={`Commit ${simulation.name}`}
      onCancel={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="primary" loading={commit.isPending} onClick={() => commit.mutate()}>
            Commit {changed.length} {changed.length === 1 ? 'document' : 'documents'}
          </Button>
        </>
      }
    >
      <div className="stack">
        <p>New orders will be sourced with this configuration. Simulated demand and stock are not committed.</p>
        <DocumentDeltaTable deltas={changed} />
        {commit.error && <ProblemNotice compact error={commit.error} />}
      </div>
    </Modal>
  );
}

export function DocumentDeltaTable({ deltas }: { deltas: DocumentDelta[] }) {
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">Document</th>
          <th scope="col">Field</th>
          <th scope="col">Current</th> <th scope="col">New</th>
        </tr>
      </thead>
      <tbody>
        {deltas.flatMap((delta) =>
          delta.paths.map((path, index) => (
            <tr key={`${delta.kind} ${delta.name} ${path.path}`}>
              <td>
                {index === 0 && (
                  <span className="two-line">
                    <span className="strong">{delta.name}</span>
                    <span className="muted">
                      {humanize(delta.kind)} <Badge tone={delta.change === 'added' ? 'done' : 'progress'}>{humanize(delta.change)}</Badge>
                    </span>
                  </span>
                )}
              </td>
              <td>{humanize(path.path)}</td>
              <td className="value-line" data-side="before">
                {describeValue(path.before)}
              </td>
              <td className="value-line" data-side="after">
                {describeValue(path.after)}
              </td>
            </tr>
          )),
        )}
      </tbody>
    </table>
  );
}
