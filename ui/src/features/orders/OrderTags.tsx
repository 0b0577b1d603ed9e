import { changeTags, listUsedTags, usedTagsKey } from '@client/collaboration';
import type { OrderDetail } from '@client/orders';
import { ProblemNotice } from '@kit/feedback';
import { PlusOutlined } from '@kit/icons';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { AutoComplete, Button, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

/** The tags of an order; each leads to the orders with the same tag. */
export function OrderTags({ order }: { order: OrderDetail }) {
  const [adding, setAdding] = useState(false);
  const mayWrite = usePermission('orders.write');
  const queryClient = useQueryClient();
  const change = useMutation({
    mutationFn: (tags: { add?: string[]; remove?: string[] }) => changeTags([order.id], tags),
    onSuccess: async () => {
      await Promise.all([['order', order.id], ['orders'], usedTagsKey].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
      setAdding(false);
    },
  });
  return (
    <div className="order-tags" role="group" aria-label="Tags">
      {order.tags.map((tag) => (
        <Tag
          key={tag}
          closable={mayWrite && { 'aria-label': `Remove tag ${tag}` }}
          onClose={(event) => {
            event.preventDefault();
            change.mutate({ remove: [tag] });
          }}
        >
          <Link to={`/orders?tag=${encodeURIComponent(tag)}`}>{tag}</Link>
        </Tag>
      ))}
      {mayWrite &&
        (adding ? (
          <TagField present={order.tags} onAdd={(tag) => change.mutate({ add: [tag] })} onCancel={() => setAdding(false)} />
        ) : (
          <Button size="small" type="text" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
            Add tag
          </Button>
        ))}
      {change.error && <ProblemNotice compact error={change.error} />}
    </div>
  );
}

function TagField({ present, onAdd, onCancel }: { present: string[]; onAdd: (tag: string) => void; onCancel: () => void }) {
  const [text, setText] = useState('');
  const used = useQuery({ queryKey: usedTagsKey, queryFn: listUsedTags });
  const options = (used.data ?? []).filter(({ tag }) => !present.includes(tag) && tag.includes(text.trim().toLowerCase()));
  const add = (tag: string) => (tag.trim() === '' ? onCancel() : onAdd(tag));
  return (
    <AutoComplete
      autoFocus
      size="small"
      aria-label="New tag"
      placeholder="New tag"
      defaultActiveFirstOption={false}
      value={text}
      options={options.map(({ tag }) => ({ value: tag }))}
      onChange={setText}
      onSelect={(tag: string) => add(tag)}
      onBlur={onCancel}
      onInputKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
        if (event.key === 'Enter') add(text);
      }}
      style={{ width: 150 }}
    />
  );
}
