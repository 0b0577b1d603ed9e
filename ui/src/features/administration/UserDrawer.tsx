import { changeUser, createUser, type Role, type User } from '@client/administration';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { fieldErrors } from '@kit/forms/fieldErrors';
import { MultiSelectField, TextField } from '@kit/forms/fields';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Drawer } from 'antd';
import { useState } from 'react';
import { roleOptions, wordsAt } from './permissions';

const shown = ['email', 'name', 'password', 'roles'];

/** A new user, or one to edit. Input is kept when the server refuses it. */
export function UserDrawer({ user, roles, onClose }: { user: User | undefined; roles: Role[]; onClose: () => void }) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const mayChange = usePermission('administration.write');
  const [values, setValues] = useState({
    email: user?.email ?? '',
    name: user?.name ?? '',
    password: '',
    roles: user?.roles ?? [],
  });
  const set = (part: Partial<typeof values>): void => setValues((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () => (user === undefined ? createUser(values) : changeUser(user.id, { name: values.name, roles: values.roles })),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: ['users'] });
      message.success(user === undefined ? `${saved.name} can sign in now` : `${saved.name} saved`);
      onClose();
    },
  });
  const missing =
    values.name.trim() === ''
      ? 'Enter a name'
      : user === undefined && values.email.trim() === ''
        ? 'Enter an e-mail address'
        : user === undefined && values.password === ''
          ? 'Enter a password'
          : '';
  const refused = fieldErrors(save.error, shown);
  const errorAt = (path: string, label: string): string | undefined => wordsAt(refused.byField, path, label);
  const submit = (): void => {
    if (mayChange && missing === '') save.mutate();
  };
  return (
    <Drawer
      open
      size={520}
      onClose={onClose}
      title={user === undefined ? 'New user' : user.name}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>Cancel</Button>
          <ExplainedButton
            type="primary"
            allowed={mayChange && missing === ''}
            disabledReason={mayChange ? missing : 'Your role may not change users'}
            loading={save.isPending}
            onClick={submit}
          >
            {user === undefined ? 'Create user' : 'Save user'}
          </ExplainedButton>
        </div>
      }
    >
      {save.error !== null && !refused.isComplete && <ProblemNotice compact error={save.error} />}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField
          wide
          label="Name"
          autoComplete="off"
          error={errorAt('name', 'Name')}
          value={values.name}
          onChange={(name) => set({ name })}
        />
        {user === undefined ? (
          <>
            <TextField
              wide
              type="email"
              label="E-mail"
              autoComplete="off"
              error={errorAt('email', 'E-mail')}
              value={values.email}
              onChange={(email) => set({ email })}
            />
            <TextField
              wide
              type="password"
              label="Password"
              autoComplete="new-password"
              hint="At least 8 characters. Give it to the user; it is not sent."
              error={errorAt('password', 'Password')}
              value={values.password}
              onChange={(password) => set({ password })}
            />
          </>
        ) : (
          <p className="wide muted">{user.email}</p>
        )}
        <MultiSelectField
          wide
          label="Roles"
          hint="A user has the permissions of all roles. You can assign only roles with permissions that you have."
          error={errorAt('roles', 'Roles')}
          value={values.roles}
          options={roleOptions(roles)}
          onChange={(next) => set({ roles: next })}
        />
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Drawer>
  );
}
