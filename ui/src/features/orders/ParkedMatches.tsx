import { listMessages, type MessageRow } from '@client/providers';
import { InboxOutlined } from '@kit/icons';
import { usePermission } from '@kit/usePermission';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

const MAX_SHOWN = 3;

/** Parked messages that the search of the order list finds: such an order exists in its store only. */
export function ParkedMatches({ search }: { search: string | undefined }) {
  const words = search?.trim() ?? '';
  const mayRead = usePermission('providers.read');
  const found = useQuery({
    queryKey: ['messages', 'matches', words],
    queryFn: ({ signal }) => listMessages({ search: words, state: 'parked', limit: MAX_SHOWN }, signal),
    enabled: mayRead && words.length > 1,
  });
  if (!found.data || found.data.items.length === 0) return null;
  return (
    <section className="card parked-matches" aria-label="Parked messages that match">
      <ul>
        {found.data.items.map((message) => (
          <ParkedMatch key={message.id} message={message} />
        ))}
      </ul>
      {found.data.next && <Link to={`/my-work/messages?search=${encodeURIComponent(words)}`}>View all that match</Link>}
    </section>
  );
}

function ParkedMatch({ message }: { message: MessageRow }) {
  return (
    <li>
      <InboxOutlined aria-hidden="true" />
      <Link className="strong" to={`/my-work/messages?message=${message.id}`}>
        {humanize(message.kind)} {message.key} is parked
      </Link>
      <span className="muted">{message.error?.what}</span>
    </li>
  );
}
