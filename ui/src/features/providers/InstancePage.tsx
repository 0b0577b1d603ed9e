import { ApiOutlined, PauseOutlined, PlayCircleOutlined } from '@kit/icons';
import { isAttentionChange } from '@client/attention';
import { listDocuments } from '@client/configuration';
import { useLive } from '@client/live';
import { type CatalogEntry, listCatalog, listInstances, type ProviderInstance } from '@client/providers';
import { ExplainedButton } from '@kit/ExplainedButton';
import { EmptyState, ProblemNotice, QueryContent } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { Card, DescriptionList, Page } from '@kit/layout';
import { useUrlFilters } from '@kit/list';
import { StateTag } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import { humanize } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Segmented } from 'antd';
import { Link, useParams } from 'react-router';
import { CallLog } from './CallLog';
import { InstanceForm } from './InstanceForm';
import { InstanceMappings } from './InstanceMappings';
import { InstanceMessages } from './InstanceMessages';
import { InstanceScopes } from './InstanceScopes';
import { useInstanceActions } from './useInstanceActions';
import './providers.css';

const tabs = [
  { value: 'settings', label: 'Settings' },
  { value: 'messages', label: 'Messages' },
  { value: 'calls', label: 'Calls' },
  { value: 'mappings', label: 'Mappings' },
];
const refusal = 'Your role may not change providers';

/** One installed provider: its connection and settings, and what it exchanges. */
export default function InstancePage() {
  const { name = '' } = useParams();
  const queryClient = useQueryClient();
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances, refetchInterval: 30_000, staleTime: 0 });
  useLive((changes) => {
    if (changes.some(isAttentionChange)) void queryClient.invalidateQueries({ queryKey: ['provider-instances'] });
  });
  const instance = instances.data?.find((item) => item.name === name);
  return (
    <Page
      breadcrumb={
        <Link to="/providers" className="crumb">
          Installed
        </Link>
      }
      title={instance?.title ?? name}
      description={
        instance && (
          <span className="row">
            <StateTag state={instance.paused_at === null ? instance.state : 'paused'} />
            {humanize(instance.provider)} · {humanize(instance.category)}
          </span>
        )
      }
      actions={instance && <InstanceActions instance={instance} />}
    >
      <QueryContent query={instances} rows={8}>
        {() =>
          instance === undefined ? (
            <Card>
              <EmptyState
                icon={<ApiOutlined />}
                title="This provider is not installed"
                action={<Link to="/providers">View installed providers</Link>}
              >
                There is no installed provider “{name}”. It may have been deleted.
              </EmptyState>
            </Card>
          ) : (
            <InstanceContent instance={instance} />
          )
        }
      </QueryContent>
    </Page>
  );
}

function InstanceActions({ instance }: { instance: ProviderInstance }) {
  const mayChange = usePermission('providers.write');
  const { probe, poll, pause, resume } = useInstanceActions(instance);
  const isPaused = instance.paused_at !== null;
  const pollRefusal = !mayChange ? refusal : isPaused ? 'Resume the provider first' : 'The connection is not established';
  const problem = [probe, poll, pause, resume].find((action) => action.isError)?.error;
  return (
    <>
      {isPaused ? (
        <ExplainedButton
          type="primary"
          icon={<PlayCircleOutlined />}
          allowed={mayChange}
          disabledReason={refusal}
          loading={resume.isPending}
          onClick={() => resume.mutate()}
        >
          Resume
        </ExplainedButton>
      ) : (
        <ExplainedButton
          icon={<PauseOutlined />}
          allowed={mayChange}
          disabledReason={refusal}
          loading={pause.isPending}
          onClick={() => pause.mutate()}
        >
          Pause
        </ExplainedButton>
      )}
      <ExplainedButton
        allowed={mayChange && !isPaused && instance.state === 'green'}
        disabledReason={pollRefusal}
        loading={poll.isPending}
        onClick={() => poll.mutate()}
      >
        Poll now
      </ExplainedButton>
      <ExplainedButton allowed={mayChange} disabledReason={refusal} loading={probe.isPending} onClick={() => probe.mutate()}>
        Test connection
      </ExplainedButton>
      {problem && <ProblemNotice compact error={problem} />}
    </>
  );
}

function InstanceContent({ instance }: { instance: ProviderInstance }) {
  const [{ tab = 'settings' }, change] = useUrlFilters(['tab']);
  const waiting = instance.messages.on_hold ?? 0;
  return (
    <>
      {instance.paused_at !== null && (
        <div className="parked-error" role="note">
          <PauseOutlined />
          <p>
            Paused <Timestamp at={instance.paused_at} /> by {instance.paused_by}. Messages that arrive are stored
            {waiting > 0 && <> ({formatNumber(waiting)} so far)</>}, and calls wait. Nothing is lost: resuming processes them in their
            order.
          </p>
        </div>
      )}
      <Connection instance={instance} />
      <div className="scroll-x">
        <Segmented
          aria-label="Show"
          value={tab}
          options={tabs}
          onChange={(next) => change({ tab: next === 'settings' ? undefined : next })}
        />
      </div>
      {tab === 'messages' && <InstanceMessages instance={instance.name} />}
      {tab === 'calls' && <CallLog instances={[instance]} only={instance.name} />}
      {tab === 'mappings' && <InstanceMappings instance={instance} />}
      {tab === 'settings' && <Settings instance={instance} />}
    </>
  );
}

function Connection({ instance }: { instance: ProviderInstance }) {
  return (
    <Card title="Connection" extra={<StateTag state={instance.state} />}>
      <div className="stack" style={{ gap: 12 }}>
        {instance.error && (
          <div className="parked-error" data-tone="failed" role="note">
            <p>{instance.error}</p>
          </div>
        )}
        <DescriptionList
          columns={3}
          items={[
            ['Account', instance.account],
            ['Last tested', <Timestamp key="probed" at={instance.probed_at} emptyText="Never" />],
            [
              'Last poll',
              instance.poll_seconds ? <Timestamp key="last" at={instance.last_poll_at} emptyText="Never" /> : 'Not polled (sends webhooks)',
            ],
            ['Next poll', instance.poll_seconds && instance.next_poll_at && <Timestamp key="next" at={instance.next_poll_at} />],
            ['Last poll failed', instance.last_error !== instance.error && instance.last_error],
          ]}
        />
        <InstanceScopes instance={instance} />
      </div>
    </Card>
  );
}

function Settings({ instance }: { instance: ProviderInstance }) {
  const mayRead = usePermission('configuration.read');
  const catalog = useQuery({ queryKey: ['catalog'], queryFn: listCatalog });
  const documents = useQuery({
    queryKey: ['configuration', 'provider_instance'],
    queryFn: ({ signal }) => listDocuments('provider_instance', signal),
    enabled: mayRead,
  });
  if (!mayRead)
    return (
      <Card title="Settings">
        <p className="muted">
          Your role may not see the settings of providers. Ask an administrator for permission to read the configuration.
        </p>
      </Card>
    );
  return (
    <QueryContent query={documents} rows={8}>
      {(items) => (
        <QueryContent query={catalog} rows={8}>
          {(entries: CatalogEntry[]) => {
            const document = items.find((item) => item.name === instance.name);
            const entry = entries.find((candidate) => candidate.name === instance.provider);
            if (document === undefined || entry === undefined)
              return (
                <Card title="Settings">
                  <p className="muted">
                    The provider package “{instance.provider}” is not installed on this server, so its settings cannot be shown.
                  </p>
                </Card>
              );
            return <InstanceForm key={JSON.stringify(document.body)} document={document} entry={entry} />;
          }}
        </QueryContent>
      )}
    </QueryContent>
  );
}
