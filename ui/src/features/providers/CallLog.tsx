import { listCalls, type ProviderCall, type ProviderInstance } from '@client/providers';
import { EmptyState } from '@kit/feedback';
import { duration, When } from '@kit/format';
import { FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { Badge, toneIcon } from '@kit/states';
import { useMemo } from 'react';

const idOf = (row: ProviderCall): string => row.id;
const keys = ['instance', 'failed'] as const;

/** An address without its host, which the provider's name stands for. */
const pathOf = (url: string): string => (URL.canParse(url) ? url.slice(new URL(url).origin.length) : url);

const columns: readonly ListColumn<ProviderCall>[] = [
  { key: 'at', title: 'When', render: (row) => <When at={row.started_at} /> },
  { key: 'instance', title: 'Provider', render: (row) => row.instance },
  {
    key: 'call',
    title: 'Call',
    render: (row) => (
      <code className="call-url" title={row.url}>
        {row.method} {pathOf(row.url)}
      </code>
    ),
  },
  {
    key: 'status',
    title: 'Answer',
    render: (row) => (
      <Badge tone={row.ok ? 'done' : 'failed'} icon={toneIcon(row.ok ? 'done' : 'failed')}>
        {row.status ?? 'No answer'}
      </Badge>
    ),
  },
  { key: 'error', title: 'Error', render: (row) => <span className="muted">{row.error}</span> },
  { key: 'took', title: 'Took', align: 'right', render: (row) => <span className="figure">{duration(row.duration_ms)}</span> },
];

/** Every call we made to the outside, newest first. Secrets never stand in it. */
export function CallLog({ instances }: { instances: ProviderInstance[] }) {
  const [values, change] = useUrlFilters(keys);
  const query = useMemo(() => ({ ...values, failed: values.failed === 'true' ? true : undefined }), [values]);
  const list = usePagedList({ name: 'provider-calls', query, fetch: listCalls, idOf, limit: 25 });
  return (
    <section aria-label="Call log" className="stack" style={{ gap: 8 }}>
      <h2 className="section-title">Calls to the outside</h2>
      <ListView
        label="Calls"
        list={list}
        columns={columns}
        idOf={idOf}
        toolbar={
          <FilterBar
            filters={[
              {
                key: 'instance',
                label: 'Provider',
                kind: 'choice',
                options: instances.map((one) => ({ value: one.name, label: one.title || one.name })),
              },
              { key: 'failed', label: 'Failed only', kind: 'flag' },
            ]}
            values={values}
            onChange={change}
          />
        }
        empty={
          <EmptyState title="No calls">
            Nothing was asked of a provider yet, or none fits the filter. Probe one to see its first call here.
          </EmptyState>
        }
      />
    </section>
  );
}
