import { sessionKey, whoAmI } from '@client/session';
import { useQuery } from '@tanstack/react-query';

/** Whether the person signed in has a permission. */
export function useMay(permission: string): boolean {
  const session = useQuery({ queryKey: sessionKey, queryFn: whoAmI, staleTime: Infinity });
  const held = session.data?.permissions ?? [];
  return held.includes('*') || held.includes(permission);
}
