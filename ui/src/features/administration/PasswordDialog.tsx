import { SubmitFooter } from '@kit/SubmitFooter';
import { setPassword, type User } from '@client/administration';
import { ProblemNotice } from '@kit/feedback';
import { fieldErrors } from '@kit/forms/fieldErrors';
import { TextField } from '@kit/forms/fields';
import { inWords } from '@kit/permissions';
import { useMutation } from '@tanstack/react-query';
import { App, Modal } from 'antd';
import { useState } from 'react';
import { wordsAt } from './permissions';

/** Replace the password of a user. */
export function PasswordDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { message } = App.useApp();
  const [password, setText] = useState('');
  const save = useMutation({
    mutationFn: () => setPassword(user.id, password),
    onSuccess: () => {
      message.success(`${user.name} has a new password and is signed out`);
      onClose();
    },
  });
  const refused = fieldErrors(save.error, ['password', 'roles']);
  const permission = refused.byField.get('roles');
  const error = permission === undefined ? wordsAt(refused.byField, 'password', 'Password') : inWords(`${permission.what}.`);
  return (
    <Modal
      open
      title={`New password for ${user.name}`}
      footer={
        <SubmitFooter
          label="Set password"
          disabledReason={password === '' ? 'Enter a password first' : ''}
          loading={save.isPending}
          onCancel={onClose}
          onSubmit={() => save.mutate()}
        />
      }
      onCancel={onClose}
    >
      {save.error !== null && !refused.isComplete && <ProblemNotice compact error={save.error} />}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (password !== '') save.mutate();
        }}
      >
        <TextField
          wide
          type="password"
          label="New password"
          autoComplete="new-password"
          hint="At least 8 characters. The user is signed out everywhere; give them the password yourself."
          error={error}
          value={password}
          onChange={setText}
        />
      </form>
    </Modal>
  );
}
