import { ApiOutlined } from '@kit/icons';
import { listCalls, type ProviderCall, type ProviderInstance } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { formatDuration, Timestamp } from '@kit/format';
import { type Filter, FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { Badge, toneIcon } from '@kit/states';
import { Button } from 'antd';
import { useMemo } from 'react';

const rowId = (row: ProviderCall): string => row.id;
const keys = ['instance', 'failed'] as const;

/** The path of a URL; the whole of one without an origin, such as that of a mail server. */
function pathOf(url: string): string {
  const origin = URL.canParse(url) ? new URL(url).origin : 'null';
  return origin === 'null' ? url : url.slice(origin.length);
}

const columns: readonly ListColumn<ProviderCall>[] = [
  { id: 'at', title: 'When', cell: (row) => <Timestamp at={row.started_at} /> },
  { id: 'instance', title: 'Provider', cell: (row) => row.instance },
  {
    id: 'call',
    title: 'Call',
    cell: (row) => (
      <code className="call-url" title={row.url}>
        {row.method} {pathOf(row.url)}
      </code>
    ),
  },
  {
    id: 'status',
    title: 'Response',
    cell: (row) => (
      <Badge tone={row.ok ? 'done' : 'failed'} icon={toneIcon(row.ok ? 'done' : 'failed')}>
        {row.status ?? 'No response'}
      </Badge>
    ),
  },
  { id: 'error', title: 'Error', cell: (row) => <span className="muted">{row.error}</span> },
  { id: 'took', title: 'Duration', align: 'right', cell: (row) => <span className="figure">{formatDuration(row.duration_ms)}</span> },
];

const instanceFilter = (instances: ProviderInstance[]): Filter => ({
  key: 'instance',
  label: 'Provider',
  kind: 'choice',
  options: instances.map((instance) => ({ value: instance.name, label: instance.title || instance.name })),
});

/** Requests to providers, newest first, without secrets; with `only`, those to one of them. */
export function CallLog({ instances, only }: { instances: ProviderInstance[]; only?: string }) {
  const [values, change] = useUrlFilters(keys);
  const query = useMemo(
    () => ({ ...values, instance: only ?? values.instance, failed: values.failed === 'true' ? true : undefined }),
    [values, only],
  );
  const list = usePagedList({ name: 'provider-calls', query, fetch: listCalls, rowId, limit: 25 });
  return (
    <section aria-label="Call log" className="stack" style={{ gap: 8 }}>
      <h2 className="section-title">Provider calls</h2>
      <ListView
        label="Calls"
        list={list}
        columns={only === undefined ? columns : columns.filter((column) => column.id !== 'instance')}
        rowId={rowId}
        toolbar={
          <FilterBar
            filters={[...(only === undefined ? [instanceFilter(instances)] : []), { key: 'failed', label: 'Failed only', kind: 'flag' }]}
            values={values}
            onChange={change}
          />
        }
        empty={
          <EmptyState
            icon={<ApiOutlined />}
            title={values.failed ? 'No failed provider calls' : 'No provider calls'}
            action={values.failed && <Button onClick={() => change({ failed: undefined })}>Show all calls</Button>}
          >
            Requests to providers appear here. Test a connection to make the first one.
          </EmptyState>
        }
      />
    </section>
  );
}
