import { onSignedOut } from '@client/http';
import { getVocabulary } from '@client/optional';
import { getSession, sessionKey } from '@client/session';
import { ProblemNotice } from '@kit/feedback';
import { Notifications } from '@kit/Notifications';
import { applyServerVocabulary } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Shell } from './Shell';
import { SignIn } from './SignIn';

/** Load the server's titles once; pages are rendered with them from the start. */
function useServerVocabulary(enabled: boolean): boolean {
  const vocabulary = useQuery({
    queryKey: ['vocabulary'],
    queryFn: async ({ signal }) => {
      applyServerVocabulary(await getVocabulary(signal));
      return true;
    },
    enabled,
    staleTime: Infinity,
  });
  return vocabulary.isFetched;
}

/** The application for a signed-in user, else the sign-in form. The address is kept, so that signing in leads to the requested page. */
export function Root() {
  const queryClient = useQueryClient();
  const session = useQuery({ queryKey: sessionKey, queryFn: getSession, staleTime: Infinity });
  const isSignedIn = session.data !== undefined && session.data !== null;
  const vocabularyLoaded = useServerVocabulary(isSignedIn);
  useEffect(() => onSignedOut(() => queryClient.setQueryData(sessionKey, null)), [queryClient]);

  if (session.data && vocabularyLoaded) {
    return (
      <Notifications>
        <Shell session={session.data} />
      </Notifications>
    );
  }
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
