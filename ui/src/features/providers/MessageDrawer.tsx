import { getMessage, listMissingKeys, type MessageDetail, type MissingGroup } from '@client/providers';
import { ExplainedButton } from '@kit/ExplainedButton';
import { QueryContent } from '@kit/feedback';
import { describeFieldPath } from '@kit/fieldPath';
import { Timestamp } from '@kit/format';
import { JsonView } from '@kit/JsonView';
import { DescriptionList } from '@kit/layout';
import { ActionDialog } from '@kit/list';
import { StateTag, warningIcon } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import { humanize } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Drawer } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { tableLabel } from './mappingTables';
import { MapValueDialog } from './MapValueDialog';
import { messageActions } from './messageActions';

/** A message with its error and actions. */
export function MessageDrawer({ id, onClose, onChanged }: { id: string; onClose: () => void; onChanged: () => void }) {
  const queryClient = useQueryClient();
  const message = useQuery({ queryKey: ['message', id], queryFn: () => getMessage(id) });
  const [action, setAction] = useState<(typeof messageActions)[number]>();
  const title = message.data ? `${humanize(message.data.kind)} ${message.data.key}` : 'Message';
  const refresh = (): void => {
    onChanged();
    void queryClient.invalidateQueries({ queryKey: ['message', id] });
  };
  const isOpen = message.data !== undefined && ['parked', 'received'].includes(message.data.state);
  return (
    <Drawer
      open
      onClose={onClose}
      size={680}
      title={title}
      extra={
        isOpen && (
          <span className="row">
            {messageActions.map((messageVerb) => (
              <Button
                key={messageVerb.name}
                danger={messageVerb.danger}
                type={messageVerb.name === 'replay' && message.data.missing.length === 0 ? 'primary' : 'default'}
                onClick={() => setAction(messageVerb)}
              >
                {messageVerb.label}
              </Button>
            ))}
          </span>
        )
      }
    >
      <QueryContent query={message} rows={10}>
        {(data) => <MessageBody message={data} onMapped={refresh} />}
      </QueryContent>
      {action && (
        <ActionDialog
          action={action}
          selectedRows={[{ id, label: title }]}
          noun={['message', 'messages']}
          onClose={() => setAction(undefined)}
          onDone={refresh}
        />
      )}
    </Drawer>
  );
}

/** The values of a parked message without a mapping; mapping one replays the message. */
function MissingValues({ message, onMapped }: { message: MessageDetail; onMapped: () => void }) {
  const [chosen, setChosen] = useState<MissingGroup>();
  const mayMap = usePermission('providers.write');
  const groups = useQuery({ queryKey: ['messages', 'unmapped-keys'], queryFn: listMissingKeys });
  const missing = (groups.data ?? []).filter(
    (group) =>
      group.instance === message.instance &&
      message.missing.some((item) => item.table === group.table && item.field === group.field && item.value === group.value),
  );
  return (
    <>
      {missing.map((group) => {
        const label = tableLabel(group.table).toLowerCase();
        return (
          <ExplainedButton
            key={`${group.table} ${group.field} ${group.value}`}
            type="primary"
            allowed={mayMap}
            disabledReason="Your role may not change mappings"
            onClick={() => setChosen(group)}
          >
            Choose {label} for {group.value}
          </ExplainedButton>
        );
      })}
      {chosen && <MapValueDialog group={chosen} onClose={() => setChosen(undefined)} onMapped={onMapped} />}
    </>
  );
}

function MessageBody({ message, onMapped }: { message: MessageDetail; onMapped: () => void }) {
  return (
    <div className="stack">
      {message.error && (
        <div className="parked-error" role="note">
          <span aria-hidden="true">{warningIcon}</span>
          <div>
            <p className="strong">{message.error.what}</p>
            {message.error.where && <p className="small">In {describeFieldPath(message.error.where)}</p>}
            {message.error.remedy && <p>{message.error.remedy}</p>}
            {message.state === 'parked' && message.missing.length > 0 && (
              <p className="row message-missing">
                <MissingValues message={message} onMapped={onMapped} />
              </p>
            )}
          </div>
        </div>
      )}
      <DescriptionList
        columns={3}
        items={[
          ['State', <StateTag key="state" state={message.state} />],
          ['From', message.instance],
          ['Version', message.version],
          ['Received', <Timestamp key="received" at={message.received_at} format="date" />],
          ['Processed', message.processed_at && <Timestamp key="processed" at={message.processed_at} format="date" />],
          ['Attempts', String(message.attempts)],
          [
            'Created',
            message.entity_id && message.kind === 'order' && (
              <Link key="entity" to={`/orders/${message.entity_id}`}>
                View order
              </Link>
            ),
          ],
          ['Missing', message.missing.length > 0 && message.missing.map((item) => `${humanize(item.table)} ${item.value}`).join(', ')],
        ]}
      />
      {message.document !== null && (
        <section className="stack" style={{ gap: 6 }}>
          <h3 className="small muted">Mapped document</h3>
          <JsonView label="resulting document" value={message.document} />
        </section>
      )}
      <section className="stack" style={{ gap: 6 }}>
        <h3 className="small muted">Original message</h3>
        <JsonView label="payload" value={message.payload} />
      </section>
    </div>
  );
}
