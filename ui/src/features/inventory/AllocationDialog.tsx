import { actOnAllocation, type AllocationRow, listGroups, type Shape } from '@client/inventory';
import { Problem } from '@client/problem';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { humanize } from '@kit/states';
import { useMutation, useQuery } from '@tanstack/react-query';
import { App, Input, Modal } from 'antd';
import { useState } from 'react';
import { ProductField, SourceField } from './pickers';
import { isQuantity, newId } from './labels';

export type AllocationKind = 'allocate' | 'unallocate' | 'reallocate';

const words: Record<AllocationKind, { title: string; verb: string; says: string }> = {
  allocate: { title: 'Allocate stock', verb: 'Allocate', says: 'Units are kept for one group: nobody else is promised them.' },
  unallocate: {
    title: 'Give units back',
    verb: 'Give back',
    says: 'The units return to the common pool, where anybody may be promised them.',
  },
  reallocate: { title: 'Move units to another group', verb: 'Move', says: 'The units stay kept, for another group than before.' },
};

/** Move units by hand. What was typed stays when it is refused, and sending it twice counts it once. */
export function AllocationForm({
  kind,
  row,
  shape,
  onClose,
  onDone,
}: {
  kind: AllocationKind;
  /** The allocation units are taken from; absent when they come from the common pool. */
  row: AllocationRow | undefined;
  shape: Shape;
  onClose: () => void;
  onDone: () => void;
}) {
  const { message } = App.useApp();
  const [id] = useState(newId);
  const [product, setProduct] = useState(row?.product ?? '');
  const [source, setSource] = useState(row?.source ?? '');
  const [groups, setGroups] = useState<string[]>([]);
  const [quantity, setQuantity] = useState('');
  const target = kind === 'unallocate' ? (row?.groups ?? []) : pathOf(groups);
  const free = useQuery({
    queryKey: ['inventory', 'free', product, source],
    queryFn: async () => (await listGroups({ group_by: 'product,source', product, source, limit: 1 })).items[0]?.available ?? 0,
    enabled: kind === 'allocate' && product !== '' && source !== '',
  });
  const work = useMutation({
    mutationFn: async () => {
      const refused = await actOnAllocation({
        id,
        kind,
        product: product.trim(),
        source,
        dimensions: row?.dimensions ?? {},
        groups: target ?? [],
        sources: kind === 'reallocate' ? (row?.groups ?? []) : [],
        quantity,
      });
      if (refused) throw new Problem({ what: humanize(refused), remedy: 'Ask for less, or free units first.' });
    },
    onSuccess: () => {
      message.success(`${words[kind].verb}: ${formatNumber(Number(quantity))} × ${product}`);
      onDone();
      onClose();
    },
  });
  const ready = product.trim() !== '' && source !== '' && target !== undefined && target.length > 0 && isQuantity(quantity);
  const most = row?.allocated ?? free.data;
  return (
    <Modal
      open
      title={words[kind].title}
      okText={words[kind].verb}
      cancelText="Keep as is"
      onCancel={onClose}
      onOk={() => work.mutate()}
      confirmLoading={work.isPending}
      okButtonProps={{ disabled: !ready }}
    >
      <div className="act-form">
        <p className="muted">{words[kind].says}</p>
        {row ? (
          <p>
            <span className="strong">{row.product}</span> at {row.source}, kept for <span className="strong">{row.groups.join(' › ')}</span>
          </p>
        ) : (
          <>
            <label className="field">
              Product
              <ProductField label="Product" value={product} onChange={setProduct} />
            </label>
            <label className="field">
              Source
              <SourceField label="Source" value={source} onChange={setSource} />
            </label>
          </>
        )}
        {kind !== 'unallocate' &&
          shape.allocation_groups.map((name, index) => (
            <label key={name} className="field">
              {humanize(spaced(name))}
              <Input
                value={groups[index] ?? ''}
                disabled={index > 0 && (groups[index - 1] ?? '').trim() === ''}
                placeholder={index === 0 ? 'For example: web' : 'All'}
                onChange={(event) => setGroups((before) => withValue(before, index, event.target.value))}
              />
            </label>
          ))}
        <label className="field">
          Units
          <Input inputMode="decimal" value={quantity} onChange={(event) => setQuantity(event.target.value.trim())} />
        </label>
        {most !== undefined && (
          <p className="muted">{row ? `${formatNumber(most)} are kept now.` : `${formatNumber(Math.max(most, 0))} are available there.`}</p>
        )}
        {work.error && <ProblemNotice compact error={work.error} />}
      </div>
    </Modal>
  );
}

/** customerGroup as "customer group". */
export const spaced = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

function withValue(values: string[], index: number, value: string): string[] {
  const next = Array.from({ length: Math.max(values.length, index + 1) }, (_, index) => values[index] ?? '');
  next[index] = value;
  return value.trim() === '' ? next.slice(0, index) : next;
}

/** The values from the first group down, or undefined when one between is missing. */
function pathOf(values: string[]): string[] | undefined {
  const path = values.map((item) => item.trim());
  while (path.at(-1) === '') path.pop();
  return path.every((entry) => entry !== '') ? path : undefined;
}
