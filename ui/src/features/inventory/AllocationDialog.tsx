import { SubmitFooter } from '@kit/SubmitFooter';
import { actOnAllocation, type AllocationRow, listGroups, type Shape } from '@client/inventory';
import { Problem } from '@client/problem';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { humanize } from '@vocabulary';
import { useMutation, useQuery } from '@tanstack/react-query';
import { App, Input, Modal } from 'antd';
import { useState } from 'react';
import { ProductField, SourceField } from './pickers';
import { isQuantity, newRequestId } from './labels';

export type AllocationKind = 'allocate' | 'unallocate' | 'reallocate';

const kindLabels: Record<AllocationKind, { title: string; confirmLabel: string; description: string }> = {
  allocate: {
    title: 'Allocate stock',
    confirmLabel: 'Allocate',
    description: 'Allocated units can only be promised to this group.',
  },
  unallocate: {
    title: 'Release allocated units',
    confirmLabel: 'Release',
    description: 'The units return to the common pool.',
  },
  reallocate: {
    title: 'Move units to another group',
    confirmLabel: 'Move',
    description: 'The units are allocated to another group.',
  },
};

/** Dialog for manual allocation changes. Input is kept on refusal; the request id makes retries safe. */
export function AllocationDialog({
  kind,
  row,
  shape,
  onClose,
  onDone,
}: {
  kind: AllocationKind;
  /** The allocation to move from; absent for the common pool. */
  row: AllocationRow | undefined;
  shape: Shape;
  onClose: () => void;
  onDone: () => void;
}) {
  const { message } = App.useApp();
  const [id] = useState(newRequestId);
  const [product, setProduct] = useState(row?.product ?? '');
  const [source, setSource] = useState(row?.source ?? '');
  const [groups, setGroups] = useState<string[]>([]);
  const [quantity, setQuantity] = useState('');
  const target = kind === 'unallocate' ? (row?.groups ?? []) : groupPath(groups);
  const available = useQuery({
    queryKey: ['inventory', 'free', product, source],
    queryFn: async () => (await listGroups({ group_by: 'product,source', product, source, limit: 1 })).items[0]?.available ?? 0,
    enabled: kind === 'allocate' && product !== '' && source !== '',
  });
  const mutation = useMutation({
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
      if (refused) throw new Problem({ what: humanize(refused), remedy: 'Enter a smaller quantity or release units first.' });
    },
    onSuccess: () => {
      message.success(`${kindLabels[kind].confirmLabel}: ${formatNumber(Number(quantity))} × ${product}`);
      onDone();
      onClose();
    },
  });
  const missing = (): string => {
    if (product.trim() === '') return 'Enter a product first';
    if (source === '') return 'Choose a source first';
    if (target === undefined || target.length === 0) return 'Choose whom it is for first';
    return isQuantity(quantity) ? '' : 'Enter a number of units above zero';
  };
  const maximum = row?.allocated ?? available.data;
  return (
    <Modal
      open
      title={kindLabels[kind].title}
      onCancel={onClose}
      footer={
        <SubmitFooter
          label={kindLabels[kind].confirmLabel}
          disabledReason={missing()}
          loading={mutation.isPending}
          onCancel={onClose}
          onSubmit={() => mutation.mutate()}
        />
      }
    >
      <div className="act-form">
        <p className="muted">{kindLabels[kind].description}</p>
        {row ? (
          <p>
            <span className="strong">{row.product}</span> at {row.source}, allocated to{' '}
            <span className="strong">{row.groups.join(' › ')}</span>
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
              {humanize(splitCamelCase(name))}
              <Input
                value={groups[index] ?? ''}
                disabled={index > 0 && (groups[index - 1] ?? '').trim() === ''}
                placeholder={index === 0 ? 'For example: web' : 'All'}
                onChange={(event) => setGroups((before) => withGroup(before, index, event.target.value))}
              />
            </label>
          ))}
        <label className="field">
          Units
          <Input inputMode="decimal" value={quantity} onChange={(event) => setQuantity(event.target.value.trim())} />
        </label>
        {maximum !== undefined && (
          <p className="muted">{row ? `${formatNumber(maximum)} allocated.` : `${formatNumber(Math.max(maximum, 0))} available.`}</p>
        )}
        {mutation.error && <ProblemNotice compact error={mutation.error} />}
      </div>
    </Modal>
  );
}

/** Return `customerGroup` as "customer group". */
export const splitCamelCase = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

function withGroup(values: string[], index: number, value: string): string[] {
  const next = Array.from({ length: Math.max(values.length, index + 1) }, (_, index) => values[index] ?? '');
  next[index] = value;
  return value.trim() === '' ? next.slice(0, index) : next;
}

/** The group path, or undefined when a level is missing. */
function groupPath(values: string[]): string[] | undefined {
  const path = values.map((item) => item.trim());
  while (path.at(-1) === '') path.pop();
  return path.every((entry) => entry !== '') ? path : undefined;
}
