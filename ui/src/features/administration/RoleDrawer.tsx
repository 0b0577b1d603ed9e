import type { Role } from '@client/administration';
import { applyDocuments } from '@client/configuration';
import { DeleteDocument } from '@kit/DeleteDocument';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { fieldErrors } from '@kit/forms/fieldErrors';
import { TextField } from '@kit/forms/fields';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Checkbox, Drawer } from 'antd';
import { useState } from 'react';
import { areaLabel, permissionAreas, wordsAt } from './permissions';

const columns = [
  { verb: 'read', label: 'See' },
  { verb: 'write', label: 'Change' },
];

/** A role and its permissions; built-in roles are shown and cannot be changed. */
export function RoleDrawer({
  role,
  permissions,
  mayChange,
  onClose,
}: {
  role: Role;
  permissions: readonly string[];
  mayChange: boolean;
  onClose: () => void;
}) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const isNew = role.name === '';
  const [name, setName] = useState(role.name);
  const [title, setTitle] = useState(role.title);
  const [granted, setGranted] = useState<readonly string[]>(role.permissions);
  const all = granted.includes('*');
  const toggle = (permission: string, on: boolean): void =>
    setGranted((before) => (on ? [...before, permission] : before.filter((one) => one !== permission)));
  const refresh = (): void => void queryClient.invalidateQueries({ queryKey: ['roles'] });
  const save = useMutation({
    mutationFn: () =>
      applyDocuments([{ kind: 'role', name: name.trim(), body: { title: title.trim(), permissions: all ? ['*'] : [...granted].sort() } }]),
    onSuccess: () => {
      refresh();
      message.success(`${title.trim()} saved`);
      onClose();
    },
  });
  const refused = fieldErrors(save.error, ['roles', 'name', 'title']);
  const reason = !mayChange
    ? 'Your role may not change roles'
    : name.trim() === '' || title.trim() === ''
      ? 'Enter a name and a title'
      : '';
  const problem = wordsAt(refused.byField, 'roles', 'Permissions');
  return (
    <Drawer
      open
      size={560}
      onClose={onClose}
      title={isNew ? 'New role' : role.title}
      footer={
        <div className="drawer-foot">
          {!isNew && !role.built_in && (
            <span className="drawer-foot-away">
              <DeleteDocument
                document={{ kind: 'role', name: role.name, body: { title: role.title, permissions: role.permissions } }}
                noun="role"
                allowed={mayChange}
                disabledReason="Your role may not change roles"
                onChanged={refresh}
                onDeleted={onClose}
              />
            </span>
          )}
          <Button onClick={onClose}>{role.built_in ? 'Close' : 'Cancel'}</Button>
          {!role.built_in && (
            <ExplainedButton
              type="primary"
              allowed={reason === ''}
              disabledReason={reason}
              loading={save.isPending}
              onClick={() => save.mutate()}
            >
              Save role
            </ExplainedButton>
          )}
        </div>
      }
    >
      {save.error !== null && !refused.isComplete && <ProblemNotice compact error={save.error} />}
      {role.built_in && (
        <p className="muted">This role is built in and cannot be changed. Create a role of your own for other permissions.</p>
      )}
      <div className="form">
        {isNew && (
          <TextField
            wide
            label="Name"
            hint="Unique identifier. It cannot be changed later."
            error={wordsAt(refused.byField, 'name', 'Name')}
            value={name}
            onChange={setName}
          />
        )}
        {!role.built_in && (
          <TextField wide label="Title" error={wordsAt(refused.byField, 'title', 'Title')} value={title} onChange={setTitle} />
        )}
        <fieldset className="wide role-grid" disabled={role.built_in}>
          <legend className="form-legend">Permissions</legend>
          {problem !== undefined && (
            <p className="field-problem" role="alert">
              {problem}
            </p>
          )}
          <Checkbox checked={all} disabled={role.built_in} onChange={(event) => toggle('*', event.target.checked)}>
            Everything
          </Checkbox>
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Area</th>
                {columns.map((column) => (
                  <th key={column.verb} scope="col">
                    {column.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {permissionAreas(permissions).map((area) => (
                <tr key={area}>
                  <th scope="row">{areaLabel(area)}</th>
                  {columns.map(({ verb, label }) => (
                    <td key={verb}>
                      <Checkbox
                        aria-label={`${label} ${areaLabel(area).toLowerCase()}`}
                        disabled={all || role.built_in}
                        checked={all || granted.includes(`${area}.${verb}`)}
                        onChange={(event) => toggle(`${area}.${verb}`, event.target.checked)}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </fieldset>
      </div>
    </Drawer>
  );
}
