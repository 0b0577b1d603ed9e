import { SubmitFooter } from '@kit/SubmitFooter';
import { type ApiToken, type IssuedToken, issueToken, type Role } from '@client/administration';
import { CopyOutlined } from '@kit/icons';
import { ProblemNotice } from '@kit/feedback';
import { fieldErrors } from '@kit/forms/fieldErrors';
import { MultiSelectField, SelectField, TextField } from '@kit/forms/fields';
import { Timestamp } from '@kit/format';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { roleOptions, wordsAt } from './permissions';

const lifetimes = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: '730', label: '2 years' },
];

/** Issue a token, which is shown once. */
export function TokenDialog({ roles, tokens, onClose }: { roles: Role[]; tokens: readonly ApiToken[]; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [values, setValues] = useState({ name: '', roles: [] as string[], days: '90' });
  const set = (part: Partial<typeof values>): void => setValues((before) => ({ ...before, ...part }));
  const issue = useMutation({
    mutationFn: () => issueToken({ name: values.name.trim(), roles: values.roles, days: Number(values.days) }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['api-tokens'] }),
  });
  const refused = fieldErrors(issue.error, ['name', 'roles', 'days']);
  const missing = values.name.trim() === '' ? 'Enter a name first' : values.roles.length === 0 ? 'Choose a role first' : '';
  const replaces = tokens.some((token) => token.name === values.name.trim());
  if (issue.data) return <IssuedDialog token={issue.data} onClose={onClose} />;
  return (
    <Modal
      open
      title="New API token"
      footer={
        <SubmitFooter
          label={replaces ? 'Replace token' : 'Create token'}
          disabledReason={missing}
          danger={replaces}
          loading={issue.isPending}
          onCancel={onClose}
          onSubmit={() => issue.mutate()}
        />
      }
      onCancel={onClose}
    >
      {issue.error !== null && !refused.isComplete && <ProblemNotice compact error={issue.error} />}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (missing === '') issue.mutate();
        }}
      >
        <TextField
          wide
          label="Name"
          hint={
            replaces
              ? 'There is a token of this name. It is replaced, and the program that uses it is refused until it has the new one.'
              : 'The program that uses it, such as erp-export.'
          }
          error={wordsAt(refused.byField, 'name', 'Name')}
          value={values.name}
          onChange={(name) => set({ name })}
        />
        <MultiSelectField
          wide
          label="Roles"
          hint="You can assign only roles with permissions that you have."
          error={wordsAt(refused.byField, 'roles', 'Roles')}
          value={values.roles}
          options={roleOptions(roles)}
          onChange={(next) => set({ roles: next })}
        />
        <SelectField
          label="Expires after"
          error={wordsAt(refused.byField, 'days', 'Expires after')}
          value={values.days}
          options={lifetimes}
          onChange={(days) => set({ days })}
        />
      </form>
    </Modal>
  );
}

function IssuedDialog({ token, onClose }: { token: IssuedToken; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <Modal
      open
      title={`Token ${token.name}`}
      onCancel={onClose}
      closable={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={onClose}>
          I have stored it
        </Button>
      }
    >
      <div className="stack">
        <p>
          Copy the token now: it is not shown again. It expires <Timestamp at={token.expires_at} />.
        </p>
        <div className="token-value">
          <Input readOnly aria-label="Token" value={token.token} onFocus={(event) => event.target.select()} />
          <Button icon={<CopyOutlined />} onClick={() => void navigator.clipboard.writeText(token.token).then(() => setCopied(true))}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
