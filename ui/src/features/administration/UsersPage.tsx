import { changeUser, listRoles, listUsers, type User } from '@client/administration';
import { PlusOutlined, UserOutlined } from '@kit/icons';
import { ExplainedButton } from '@kit/ExplainedButton';
import { EmptyState, ProblemNotice } from '@kit/feedback';
import { Page } from '@kit/layout';
import { FilterBar, type ListColumn, ListView, useUrlFilters } from '@kit/list';
import { asPagedList } from '@kit/list/asPagedList';
import { Badge, StateTag } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useState } from 'react';
import { PasswordDialog } from './PasswordDialog';
import { roleTitle } from './permissions';
import { UserDrawer } from './UserDrawer';
import './administration.css';

const refusal = 'Your role may not change users';
const NEW = '+';

/** The people who sign in, and their roles. */
export default function UsersPage() {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const [filters, change] = useUrlFilters(['search', 'open'], ['open']);
  const [passwordOf, setPasswordOf] = useState<User>();
  const mayChange = usePermission('administration.write');
  const users = useQuery({ queryKey: ['users'], queryFn: listUsers });
  const roles = useQuery({ queryKey: ['roles'], queryFn: listRoles });
  const known = roles.data?.items ?? [];
  const words = (filters.search ?? '').toLowerCase();
  const rows = (users.data ?? []).filter((user) => `${user.name} ${user.email}`.toLowerCase().includes(words));
  const activate = useMutation({
    mutationFn: (user: User) => changeUser(user.id, { active: !user.active }),
    onSuccess: (user) => message.success(user.active ? `${user.name} can sign in again` : `${user.name} is deactivated and signed out`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['users'] }),
  });
  const add = (
    <ExplainedButton
      type="primary"
      icon={<PlusOutlined />}
      allowed={mayChange}
      disabledReason={refusal}
      onClick={() => change({ open: NEW })}
    >
      New user
    </ExplainedButton>
  );
  const columns: ListColumn<User>[] = [
    {
      id: 'name',
      title: 'User',
      cell: (user) => (
        <span className="two-line">
          <button type="button" className="link-button strong" onClick={() => change({ open: user.id })}>
            {user.name}
          </button>
          <span className="muted">{user.email}</span>
        </span>
      ),
    },
    {
      id: 'roles',
      title: 'Roles',
      cell: (user) => (
        <span className="row">
          {user.roles.map((role) => (
            <Badge key={role}>{roleTitle(known, role)}</Badge>
          ))}
          {user.roles.length === 0 && <span className="muted">None</span>}
        </span>
      ),
    },
    { id: 'state', title: 'State', cell: (user) => <StateTag state={user.active ? 'active' : 'inactive'} /> },
    {
      id: 'actions',
      title: 'Actions',
      cell: (user) => (
        <span className="row">
          <ExplainedButton
            size="small"
            allowed={mayChange}
            disabledReason={refusal}
            aria-label={`Set a new password for ${user.name}`}
            onClick={() => setPasswordOf(user)}
          >
            New password
          </ExplainedButton>
          <ExplainedButton
            size="small"
            danger={user.active}
            allowed={mayChange}
            disabledReason={refusal}
            aria-label={`${user.active ? 'Deactivate' : 'Reactivate'} ${user.name}`}
            loading={activate.isPending && activate.variables.id === user.id}
            onClick={() => activate.mutate(user)}
          >
            {user.active ? 'Deactivate' : 'Reactivate'}
          </ExplainedButton>
        </span>
      ),
    },
  ];
  const opened = filters.open === NEW ? undefined : users.data?.find((user) => user.id === filters.open);
  return (
    <Page title="Users" description="The people who can sign in, and what their roles allow." actions={add}>
      {activate.error && <ProblemNotice error={activate.error} />}
      <ListView
        label="Users"
        list={asPagedList(users, rows)}
        columns={columns}
        rowId={(user) => user.id}
        rowName={(user) => user.name}
        toolbar={<FilterBar filters={[]} values={filters} onChange={change} search="Find a user" />}
        empty={
          <EmptyState
            icon={<UserOutlined />}
            title={words ? 'No matching users' : 'No users yet'}
            action={words ? <Button onClick={() => change({ search: undefined })}>Show all users</Button> : add}
          >
            {words ? 'No name or e-mail address contains this text.' : 'Create a user for each person who works here, with a role.'}
          </EmptyState>
        }
      />
      {(opened !== undefined || filters.open === NEW) && (
        <UserDrawer key={filters.open} user={opened} roles={known} onClose={() => change({ open: undefined })} />
      )}
      {passwordOf && <PasswordDialog user={passwordOf} onClose={() => setPasswordOf(undefined)} />}
    </Page>
  );
}
