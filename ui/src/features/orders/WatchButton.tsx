import { getWatchers, markSeen, mentionsKey, setWatching, watchedKey } from '@client/collaboration';
import { attentionKey } from '@client/attention';
import { EyeFilled, EyeOutlined } from '@kit/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Tooltip } from 'antd';
import { useEffect } from 'react';

/** Starts or stops watching an order, and marks its news as seen while it is open. */
export function WatchButton({ orderId, version }: { orderId: string; version: unknown }) {
  const queryClient = useQueryClient();
  const queryKey = ['order', orderId, 'watchers'];
  const watchers = useQuery({ queryKey, queryFn: () => getWatchers(orderId) });
  const watching = watchers.data?.watching ?? false;
  const change = useMutation({
    mutationFn: () => setWatching(orderId, !watching),
    onSuccess: () => Promise.all([queryKey, watchedKey].map((key) => queryClient.invalidateQueries({ queryKey: key }))),
  });

  useEffect(() => {
    if (!watching) return;
    const seen = async () => {
      await markSeen(orderId);
      await Promise.all([mentionsKey, watchedKey, attentionKey].map((key) => queryClient.invalidateQueries({ queryKey: key })));
    };
    // What could not be marked now is marked when the order is opened the next time.
    seen().catch(() => undefined);
  }, [orderId, watching, version, queryClient]);

  const others = watchers.data?.watchers ?? [];
  return (
    <Tooltip title={others.length > 0 ? `Watched by ${others.join(', ')}` : 'Lists the order and its news on your start page'}>
      <Button
        icon={watching ? <EyeFilled /> : <EyeOutlined />}
        aria-pressed={watching}
        loading={change.isPending}
        onClick={() => change.mutate()}
      >
        {watching ? 'Watching' : 'Watch'}
      </Button>
    </Tooltip>
  );
}
