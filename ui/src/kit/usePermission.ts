import { sessionKey, getSession } from '@client/session';
import { useQuery } from '@tanstack/react-query';

/** Whether the signed-in user has a permission. */
export function usePermission(permission: string): boolean {
  const session = useQuery({ queryKey: sessionKey, queryFn: getSession, staleTime: Infinity });
  const permissions = session.data?.permissions ?? [];
  return permissions.includes('*') || permissions.includes(permission);
}
