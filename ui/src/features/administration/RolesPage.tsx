import { listRoles, type Role } from '@client/administration';
import { PlusOutlined, SafetyCertificateOutlined } from '@kit/icons';
import { ExplainedButton } from '@kit/ExplainedButton';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import { type ListColumn, ListView, useUrlFilters } from '@kit/list';
import { asPagedList } from '@kit/list/asPagedList';
import { Badge } from '@kit/states';
import { permissionLabel } from '@kit/permissions';
import { usePermission } from '@kit/usePermission';
import { useQuery } from '@tanstack/react-query';
import { RoleDrawer } from './RoleDrawer';
import './administration.css';

const NEW = '+';
const SHOWN = 6;
const newRole: Role = { name: '', title: '', permissions: [], built_in: false, grantable: true };

/** Roles: what users and programs may see and change. */
export default function RolesPage() {
  const [{ open }, change] = useUrlFilters(['open'], ['open']);
  const mayAdminister = usePermission('administration.write');
  const mayConfigure = usePermission('configuration.write');
  const roles = useQuery({ queryKey: ['roles'], queryFn: listRoles });
  const rows = roles.data?.items ?? [];
  const mayChange = mayAdminister && mayConfigure;
  const add = (
    <ExplainedButton
      type="primary"
      icon={<PlusOutlined />}
      allowed={mayChange}
      disabledReason="Your role may not change roles"
      onClick={() => change({ open: NEW })}
    >
      New role
    </ExplainedButton>
  );
  const columns: ListColumn<Role>[] = [
    {
      id: 'title',
      title: 'Role',
      cell: (role) => (
        <span className="two-line">
          <button type="button" className="link-button strong" onClick={() => change({ open: role.name })}>
            {role.title}
          </button>
          <span className="muted">{role.built_in ? 'Built in' : role.name}</span>
        </span>
      ),
    },
    {
      id: 'permissions',
      title: 'May',
      cell: (role) => (
        <span className="row role-permissions">
          {role.permissions.slice(0, SHOWN).map((permission) => (
            <Badge key={permission}>{permissionLabel(permission)}</Badge>
          ))}
          {role.permissions.length > SHOWN && <span className="muted">and {role.permissions.length - SHOWN} more</span>}
          {role.permissions.length === 0 && <span className="muted">Nothing</span>}
        </span>
      ),
    },
    {
      id: 'grantable',
      title: 'You can assign it',
      cell: (role) => (role.grantable ? 'Yes' : <span className="muted">No, it has more permissions than you</span>),
    },
  ];
  const opened = open === NEW ? newRole : rows.find((role) => role.name === open);
  return (
    <Page title="Roles" description="What users and programs may see and change. A user has the permissions of all roles." actions={add}>
      <ListView
        label="Roles"
        list={asPagedList(roles, rows)}
        columns={columns}
        rowId={(role) => role.name}
        rowName={(role) => role.title}
        empty={
          <EmptyState icon={<SafetyCertificateOutlined />} title="No roles yet" action={add}>
            A role is a set of permissions. Create one for each kind of work.
          </EmptyState>
        }
      />
      {opened && (
        <RoleDrawer
          key={open}
          role={opened}
          permissions={roles.data?.permissions ?? []}
          mayChange={mayChange}
          onClose={() => change({ open: undefined })}
        />
      )}
    </Page>
  );
}
