import { listCalls, type ProviderCall, type ProviderInstance } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { formatDuration, Timestamp } from '@kit/format';
import { FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { Badge, toneIcon } from '@kit/states';
import { useMemo } from 'react';

const rowId = (row: ProviderCall): string => row.id;
const keys = ['instance', 'failed'] as const;

/** The path of a URL. */
const pathOf = (url: string): string => (URL.canParse(url) ? url.slice(new URL(url).origin.length) : url);

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

/** Requests to providers, newest first, without secrets. */
export function CallLog({ instances }: { instances: ProviderInstance[] }) {
  const [values, change] = useUrlFilters(keys);
  const query = useMemo(() => ({ ...values, failed: values.failed === 'true' ? true : undefined }), [values]);
  const list = usePagedList({ name: 'provider-calls', query, fetch: listCalls, rowId, limit: 25 });
  return (
    <section aria-label="Call log" className="stack" style={{ gap: 8 }}>
      <h2 className="section-title">Provider calls</h2>
      <ListView
        label="Calls"
        list={list}
        columns={columns}
        rowId={rowId}
        toolbar={
          <FilterBar
            filters={[
              {
                key: 'instance',
                label: 'Provider',
                kind: 'choice',
                options: instances.map((instance) => ({ value: instance.name, label: instance.title || instance.name })),
              },
              { key: 'failed', label: 'Failed only', kind: 'flag' },
            ]}
            values={values}
            onChange={change}
          />
        }
        empty={
          <EmptyState title="No provider calls">Requests to providers appear here. Test a connection to make the first one.</EmptyState>
        }
      />
    </section>
  );
}
