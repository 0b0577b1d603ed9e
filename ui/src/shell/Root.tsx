import { onSignedOut } from '@client/http';
import { sessionKey, getSession } from '@client/session';
import { ProblemNotice } from '@kit/feedback';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Shell } from './Shell';
import { SignIn } from './SignIn';

/** Nobody is signed in: the door. Somebody is: the house. The address stays, so that signing in leads where one wanted to go. */
export function Root() {
  const queryClient = useQueryClient();
  const session = useQuery({ queryKey: sessionKey, queryFn: getSession, staleTime: Infinity });
  useEffect(() => onSignedOut(() => queryClient.setQueryData(sessionKey, null)), [queryClient]);

  if (session.data) return <Shell session={session.data} />;
  if (session.data === null) return <SignIn />;
  if (session.error) {
    return (
      <main className="sign-in">
        <ProblemNotice error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  return <div aria-busy="true" aria-label="Loading" />;
}
