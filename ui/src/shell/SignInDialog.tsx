import { onSessionExpired } from '@client/http';
import { type SessionInfo, sessionKey } from '@client/session';
import { useQueryClient } from '@tanstack/react-query';
import { Modal } from 'antd';
import { useEffect, useState } from 'react';
import { SignInForm } from './SignIn';

/**
 * Signs in over the page when the session has expired: what was typed stays, and the requests that failed are repeated. Closing
 * the dialog leads to the sign-in page.
 */
export function SignInDialog({ session }: { session: SessionInfo }) {
  const queryClient = useQueryClient();
  const [answer, setAnswer] = useState<{ resolve: (renewed: boolean) => void }>();
  useEffect(() => onSessionExpired(() => new Promise<boolean>((resolve) => setAnswer({ resolve }))), []);
  const close = (renewed: boolean): void => {
    answer?.resolve(renewed);
    setAnswer(undefined);
  };
  const signedIn = (renewed: SessionInfo): void => {
    close(true);
    if (renewed.email !== session.email) void queryClient.invalidateQueries();
    queryClient.setQueryData(sessionKey, renewed);
  };
  return (
    <Modal
      open={answer !== undefined}
      title="Your session has expired"
      footer={null}
      width={400}
      mask={{ closable: false }}
      zIndex={2000}
      destroyOnHidden
      onCancel={() => close(false)}
    >
      <p style={{ marginBottom: 14 }}>Sign in to continue. What you typed is kept, and the request is sent again.</p>
      <SignInForm email={session.email} onSignedIn={signedIn} />
    </Modal>
  );
}
