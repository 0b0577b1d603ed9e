import { type Attention, attentionKey, getAttention, isAttentionChange } from '@client/attention';
import { useLive } from '@client/live';
import { useQuery, useQueryClient } from '@tanstack/react-query';

/** What needs a person; refetched when the live stream reports a change. Undefined until it is known. */
export function useAttention(): Attention | undefined {
  const queryClient = useQueryClient();
  useLive((changes) => {
    if (changes.some((change) => isAttentionChange(change) || change.name.startsWith('order.note_')))
      void queryClient.invalidateQueries({ queryKey: attentionKey });
  });
  return useQuery({ queryKey: attentionKey, queryFn: getAttention }).data;
}

/** The numbers of the navigation by page: a number and what it counts. */
export function badgesOf(attention: Attention | undefined): ReadonlyMap<string, NavigationBadge> {
  const outages = attention?.outages ?? [];
  const blocked = outages.reduce((sum, outage) => sum + outage.orders, 0);
  const limit = attention?.limit ?? Infinity;
  const badges: [string, number, string][] = [
    ['/', attention?.mentions ?? 0, 'mention you'],
    ['/orders', (attention?.orders ?? 0) + blocked, 'need attention'],
    ['/payments', attention?.payments ?? 0, 'need attention'],
    ['/my-work/messages', attention?.parked_messages ?? 0, 'parked'],
    ['/my-work/runs', attention?.failed_runs ?? 0, 'failed'],
    ['/providers', outages.length, 'down'],
  ];
  return new Map(
    badges.filter(([, count]) => count > 0).map(([path, count, says]) => [path, { count, says, isCapped: count >= limit }] as const),
  );
}

export interface NavigationBadge {
  count: number;
  says: string;
  /** There may be more than `count`. */
  isCapped: boolean;
}
