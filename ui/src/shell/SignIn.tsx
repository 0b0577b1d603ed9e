import { asProblem } from '@client/problem';
import { sessionKey, signIn } from '@client/session';
import { ProblemNotice } from '@kit/feedback';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { type SubmitEvent, useEffect, useState } from 'react';

export function SignIn() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const queryClient = useQueryClient();
  const signInMutation = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: (session) => queryClient.setQueryData(sessionKey, session),
  });
  useEffect(() => {
    document.title = 'Sign in · OpenIOM';
  }, []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    signInMutation.mutate();
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit} className="card" style={{ padding: 28 }}>
        <div className="brand">
          <img src="/mark.svg" alt="" />
          <span>OpenIOM</span>
        </div>
        <h1>Sign in</h1>
        <label>
          Email
          <Input
            size="large"
            type="email"
            autoComplete="username"
            autoFocus
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
    </main>
  );
}
