import { listUnreadMentions, listWatched, mentionsKey, watchedKey, type Mention, type WatchedOrder } from '@client/collaboration';
import { type Change, useLive } from '@client/live';
import { Timestamp } from '@kit/format';
import { EyeOutlined, MessageOutlined } from '@kit/icons';
import { Card } from '@kit/layout';
import { eventTitle } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'antd';
import { Link } from 'react-router';

const FIRST = 8;

/** Notes that mention the user, and the orders that the user watches; nothing when there is neither. */
export function ForYou() {
  const [showsAll, setShowsAll] = useState(false);
  const mentions = useQuery({ queryKey: mentionsKey, queryFn: listUnreadMentions });
  const watched = useQuery({ queryKey: watchedKey, queryFn: listWatched });
  const notes = mentions.data ?? [];
  const orders = watched.data ?? [];
  const queryClient = useQueryClient();
  useLive((changes) => {
    const concerns = ({ root_id, name }: Change) => name.startsWith('order.note_') || orders.some((order) => order.order_id === root_id);
    if (!changes.some(concerns)) return;
    for (const queryKey of [mentionsKey, watchedKey]) void queryClient.invalidateQueries({ queryKey });
  });
  if (notes.length + orders.length === 0) return null;
  return (
    <Card title="For you" flush>
      <ul className="for-you" aria-label="For you">
        {notes.map((mention) => (
          <MentionItem key={mention.note_id} mention={mention} />
        ))}
        {orders.slice(0, showsAll ? undefined : FIRST).map((order) => (
          <WatchedItem key={order.order_id} order={order} />
        ))}
      </ul>
      {orders.length > FIRST && !showsAll && (
        <Button type="link" onClick={() => setShowsAll(true)}>
          Show all {orders.length} watched orders
        </Button>
      )}
    </Card>
  );
}

function MentionItem({ mention }: { mention: Mention }) {
  return (
    <li data-news>
      <MessageOutlined aria-hidden="true" />
      <span>
        <span className="strong">{mention.author_name}</span> mentioned you on{' '}
        <Link to={`/orders/${mention.order_id}`}>order {mention.order_number}</Link>: <q className="for-you-text">{mention.text}</q>
      </span>
      <span className="muted">
        <Timestamp at={mention.written_at} />
      </span>
    </li>
  );
}

function WatchedItem({ order }: { order: WatchedOrder }) {
  return (
    <li data-news={order.news || undefined}>
      <EyeOutlined aria-hidden="true" />
      <span>
        <Link to={`/orders/${order.order_id}`}>Order {order.order_number}</Link>
        {order.customer_name && ` of ${order.customer_name}`}
        {order.event && `: ${eventTitle(order.event)}`} {order.news && <span className="badge-new">New</span>}
      </span>
      <span className="muted">{order.event_at && <Timestamp at={order.event_at} />}</span>
    </li>
  );
}
