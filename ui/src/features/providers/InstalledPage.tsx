import { ApiOutlined } from '@kit/icons';
import { isAttentionChange } from '@client/attention';
import { useLive } from '@client/live';
import { listInstances, type ProviderInstance } from '@client/providers';
import { asProblem } from '@client/problem';
import { EmptyState, QueryContent, ProblemNotice } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { DescriptionList, Page, Card } from '@kit/layout';
import { Badge, StateTag } from '@kit/states';
import { humanize } from '@vocabulary';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { Link } from 'react-router';
import { CallLog } from './CallLog';
import { InstanceScopes } from './InstanceScopes';
import { useInstanceActions } from './useInstanceActions';
import './providers.css';

export default function InstalledPage() {
  const queryClient = useQueryClient();
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances, refetchInterval: 30_000, staleTime: 0 });
  useLive((changes) => {
    if (changes.some(isAttentionChange)) void queryClient.invalidateQueries({ queryKey: ['provider-instances'] });
  });
  return (
    <Page title="Installed providers" description="Connections to external systems, with their status and permissions.">
      <QueryContent query={instances} rows={8}>
        {(items) =>
          items.length === 0 ? (
            <Card>
              <EmptyState
                icon={<ApiOutlined />}
                title="No providers installed"
                action={<Link to="/providers/library">Open the library</Link>}
              >
                A provider connects a store, warehouse or carrier. Choose one from the library and enter its credentials.
              </EmptyState>
            </Card>
          ) : (
            <>
              <div className="provider-grid">
                {items.map((instance) => (
                  <InstanceCard key={instance.name} instance={instance} />
                ))}
              </div>
              <CallLog instances={items} />
            </>
          )
        }
      </QueryContent>
    </Page>
  );
}

function InstanceCard({ instance }: { instance: ProviderInstance }) {
  const { probe, poll, resume } = useInstanceActions(instance);
  const isPaused = instance.paused_at !== null;
  const parked = instance.messages.parked ?? 0;
  return (
    <Card
      className="provider"
      title={<Link to={`/providers/${encodeURIComponent(instance.name)}`}>{instance.title || instance.name}</Link>}
      extra={<StateTag state={isPaused ? 'paused' : instance.state} />}
    >
      <div className="stack" style={{ gap: 12 }}>
        <p className="muted">
          {humanize(instance.provider)} · {humanize(instance.category)}
          {instance.account && <> · {instance.account}</>}
        </p>
        {instance.error && (
          <div className="parked-error" data-tone="failed" role="note">
            <p>{instance.error}</p>
          </div>
        )}
        {[probe.error, poll.error, resume.error]
          .filter((error) => error !== null)
          .map((error) => (
            <ProblemNotice key={asProblem(error).what} compact error={error} />
          ))}
        <DescriptionList
          columns={2}
          items={[
            ['Last tested', <Timestamp key="probed" at={instance.probed_at} emptyText="Never" />],
            [
              'Last poll',
              instance.poll_seconds ? <Timestamp key="last" at={instance.last_poll_at} emptyText="Never" /> : 'Not polled (sends webhooks)',
            ],
            ['Next poll', instance.poll_seconds && instance.next_poll_at && <Timestamp key="next" at={instance.next_poll_at} />],
            ['Polls every', instance.poll_seconds && `${formatNumber(instance.poll_seconds)} s`],
            ['Last poll failed', instance.last_error !== instance.error && instance.last_error],
          ]}
        />
        <InstanceScopes instance={instance} />
        <div className="provider-foot">
          <span className="row small provider-counts">
            {['processed', 'received', 'duplicate']
              .filter((state) => (instance.messages[state] ?? 0) > 0)
              .map((state) => (
                <span key={state} className="muted">
                  <span className="figure">{formatNumber(instance.messages[state] ?? 0)}</span> {state}
                </span>
              ))}
            {parked > 0 && (
              <Link to={`/my-work/messages?instance=${encodeURIComponent(instance.name)}`}>
                <Badge tone="attention">{formatNumber(parked)} parked</Badge>
              </Link>
            )}
          </span>
          <span className="row end">
            <ExplainedButton
              allowed={instance.poll_seconds !== null && !isPaused}
              disabledReason={isPaused ? 'Resume the provider first' : 'This provider sends updates by webhook'}
              loading={poll.isPending}
              onClick={() => poll.mutate()}
            >
              Poll now
            </ExplainedButton>
            {isPaused && (
              <Button type="primary" loading={resume.isPending} onClick={() => resume.mutate()}>
                Resume
              </Button>
            )}
            <Button
              type={isPaused || instance.state === 'green' ? 'default' : 'primary'}
              loading={probe.isPending}
              onClick={() => probe.mutate()}
            >
              Test connection
            </Button>
          </span>
        </div>
      </div>
    </Card>
  );
}
