import { findRecord, type MappedRecord } from '@client/masterData';
import { type Mapping, type MappingRelease, previewMappings } from '@client/providers';
import { ProblemNotice } from '@kit/feedback';
import { formatMoney, formatNumber, Money } from '@kit/format';
import { DescriptionList } from '@kit/layout';
import { useQuery } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { tableLabel } from './mappingTables';

/** What a mapping would release; a mapping without an external value has no preview. */
export const useMappingPreview = (mapping: Mapping) => {
  const key = { ...mapping, internal: mapping.value === '*' ? '*' : 'preview' };
  const isComplete = mapping.value !== '' && (mapping.scope === 'default' || mapping.scope_name !== '');
  return useQuery({ queryKey: ['messages', 'mapping-preview', key], queryFn: () => previewMappings([key]), enabled: isComplete });
};

/** The record of the sender beside ours. */
export function MappingComparison({ mapping, release }: { mapping: Mapping; release: MappingRelease | undefined }) {
  const { table, internal } = mapping;
  const record = useQuery({
    queryKey: ['record', table, internal],
    queryFn: () => findRecord(table, internal),
    enabled: internal !== '',
  });
  const label = tableLabel(table).toLowerCase();
  return (
    <div className="comparison">
      <section aria-label="In the message">
        <h3 className="small muted">In the message</h3>
        <p className="strong">{senderName(release, mapping.value)}</p>
        <DescriptionList
          items={[
            [mapping.field === 'sku' ? 'SKU' : `Field ${mapping.field}`, <code key="value">{mapping.value}</code>],
            ...(release?.external ?? []).map((item, index) => [index === 0 ? 'Price' : `Also as`, externalPrice(item, index)] as const),
          ]}
        />
      </section>
      <section aria-label={`Our ${label}`}>
        <h3 className="small muted">Our {label}</h3>
        {internal === '' && <p className="muted">Not chosen yet</p>}
        {internal !== '' && record.isPending && <Skeleton active title={false} paragraph={{ rows: 2 }} />}
        {internal !== '' && record.data === null && <p>There is no {label} with this name.</p>}
        {record.error && <ProblemNotice compact error={record.error} />}
        {internal !== '' && record.data && <OurRecord record={record.data} />}
      </section>
    </div>
  );
}

const senderName = (release: MappingRelease | undefined, value: string): string => {
  const name = release?.external[0]?.name ?? '';
  return name === '' ? value : name;
};

function externalPrice({ name, unit_price, currency }: MappingRelease['external'][number], index: number) {
  const price = unit_price !== null && currency !== '' ? formatMoney(unit_price, currency) : '';
  return index === 0 ? price : [name, price].filter(Boolean).join(', ');
}

function OurRecord({ record }: { record: MappedRecord }) {
  return (
    <>
      <p className="strong">{record.title || record.name}</p>
      <DescriptionList
        items={[
          [record.sku === undefined ? 'Name' : 'Number', <code key="name">{record.name}</code>],
          ['SKU', record.sku && <code key="sku">{record.sku}</code>],
          ['Price', record.price && record.currency && formatMoney(record.price, record.currency)],
          ['Unit', record.unit],
        ]}
      />
    </>
  );
}

/** What saving the mapping releases: messages, orders, money. */
export function ReleaseSummary({ release }: { release: MappingRelease }) {
  const { messages, orders, amounts, needing_more: needingMore } = release;
  const others = messages - orders;
  return (
    <div className="release" role="note">
      {messages === 0 ? (
        <p>No parked message is released.</p>
      ) : (
        <p>
          Releases <strong>{counted(messages, 'message')}</strong>
          {orders > 0 && (
            <>
              {' '}
              with <strong>{counted(orders, 'order')}</strong> for {release.amounts_complete ? '' : 'at least '}
              {amounts.map((amount, index) => (
                <span key={amount.currency}>
                  {index > 0 && ' and '}
                  <Money strong amount={amount.amount} currency={amount.currency} />
                </span>
              ))}
            </>
          )}
          {orders > 0 && others > 0 && <span className="muted"> ({counted(others, 'message')} without an order of its own)</span>}
        </p>
      )}
      {needingMore > 0 && (
        <p className="muted">
          {counted(needingMore, 'more message')} also {needingMore === 1 ? 'needs' : 'need'} another mapping and{' '}
          {needingMore === 1 ? 'stays' : 'stay'} parked.
        </p>
      )}
    </div>
  );
}

const counted = (count: number, noun: string): string => `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
