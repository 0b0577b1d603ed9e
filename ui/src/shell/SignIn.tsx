import { asProblem } from '@client/problem';
import { type SessionInfo, sessionKey, signIn } from '@client/session';
import { ProblemNotice } from '@kit/feedback';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { type SubmitEvent, useEffect, useState } from 'react';

/** The fields of the sign-in form. The email is kept when the password is wrong. */
export function SignInForm({ email: initialEmail, onSignedIn }: { email: string; onSignedIn: (session: SessionInfo) => void }) {
  const [email, setEmail] = useState(initialEmail);
  const [password, setPassword] = useState('');
  const signInMutation = useMutation({ mutationFn: () => signIn(email.trim(), password), onSuccess: onSignedIn });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    signInMutation.mutate();
  };
  return (
    <form onSubmit={submit} className="sign-in-form">
      <label>
        Email
        <Input
          size="large"
          type="email"
          autoComplete="username"
          autoFocus={initialEmail === ''}
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </label>
      <label>
        Password
        <Input.Password
          size="large"
          autoComplete="current-password"
          autoFocus={initialEmail !== ''}
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </label>
      {signInMutation.error && <ProblemNotice compact error={asProblem(signInMutation.error)} />}
      <Button type="primary" size="large" htmlType="submit" loading={signInMutation.isPending} block>
        Sign in
      </Button>
    </form>
  );
}

export function SignIn() {
  const queryClient = useQueryClient();
  useEffect(() => {
    document.title = 'Sign in · OpenIOM';
  }, []);
  return (
    <main className="sign-in">
      <div className="card sign-in-card">
        <div className="brand">
          <img src="/mark.svg" alt="" />
          <span>OpenIOM</span>
        </div>
        <h1>Sign in</h1>
        <SignInForm email="" onSignedIn={(session) => queryClient.setQueryData(sessionKey, session)} />
      </div>
    </main>
  );
}
