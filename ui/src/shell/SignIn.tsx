import { asProblem } from '@client/problem';
import { sessionKey, signIn } from '@client/session';
import { ProblemNotice } from '@kit/feedback';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { type SubmitEvent, useEffect, useState } from 'react';

export function SignIn() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const queries = useQueryClient();
  const enter = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: (session) => queries.setQueryData(sessionKey, session),
  });
  useEffect(() => {
    document.title = 'Sign in · OpenIOM';
  }, []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    enter.mutate();
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
        {enter.error && <ProblemNotice compact error={asProblem(enter.error)} />}
        <Button type="primary" size="large" htmlType="submit" loading={enter.isPending} block>
          Sign in
        </Button>
      </form>
    </main>
  );
}
