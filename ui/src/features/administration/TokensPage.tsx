import { type ApiToken, listRoles, listTokens, revokeToken } from '@client/administration';
import { LockOutlined, PlusOutlined } from '@kit/icons';
import { ExplainedButton } from '@kit/ExplainedButton';
import { EmptyState, ProblemNotice } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import { type ListColumn, ListView } from '@kit/list';
import { asPagedList } from '@kit/list/asPagedList';
import { Badge, StateTag } from '@kit/states';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Modal } from 'antd';
import { useState } from 'react';
import { roleTitle } from './permissions';
import { TokenDialog } from './TokenDialog';
import './administration.css';

const refusal = 'Your role may not change API tokens';

/** Tokens with which programs use the API. */
export default function TokensPage() {
  const [isAdding, setAdding] = useState(false);
  const [revoked, setRevoked] = useState<ApiToken>();
  const mayChange = usePermission('administration.write');
  const tokens = useQuery({ queryKey: ['api-tokens'], queryFn: listTokens });
  const roles = useQuery({ queryKey: ['roles'], queryFn: listRoles });
  const known = roles.data?.items ?? [];
  const [openedAt] = useState(() => Date.now());
  const isExpired = (token: ApiToken): boolean => Date.parse(token.expires_at) <= openedAt;
  const add = (
    <ExplainedButton type="primary" icon={<PlusOutlined />} allowed={mayChange} disabledReason={refusal} onClick={() => setAdding(true)}>
      New token
    </ExplainedButton>
  );
  const columns: ListColumn<ApiToken>[] = [
    {
      id: 'name',
      title: 'Token',
      cell: (token) => (
        <span className="two-line">
          <span className="strong">{token.name}</span>
          <span className="muted">
            by {token.created_by}, <Timestamp at={token.created_at} />
          </span>
        </span>
      ),
    },
    {
      id: 'roles',
      title: 'Roles',
      cell: (token) => (
        <span className="row">
          {token.roles.map((role) => (
            <Badge key={role}>{roleTitle(known, role)}</Badge>
          ))}
        </span>
      ),
    },
    {
      id: 'expires',
      title: 'Expires',
      cell: (token) => (
        <span className="row">
          <Timestamp at={token.expires_at} />
          {isExpired(token) && <StateTag state="expired" tone="failed" label="Expired" />}
        </span>
      ),
    },
    { id: 'used', title: 'Last used', cell: (token) => <Timestamp at={token.last_used_at} emptyText="Never" /> },
    {
      id: 'actions',
      title: 'Actions',
      cell: (token) => (
        <ExplainedButton
          size="small"
          danger
          allowed={mayChange}
          disabledReason={refusal}
          aria-label={`Revoke ${token.name}`}
          onClick={() => setRevoked(token)}
        >
          Revoke
        </ExplainedButton>
      ),
    },
  ];
  return (
    <Page title="API tokens" description="Tokens with which programs use the API, with their roles, expiry and last use." actions={add}>
      <ListView
        label="API tokens"
        list={asPagedList(tokens, tokens.data ?? [])}
        columns={columns}
        rowId={(token) => token.name}
        empty={
          <EmptyState icon={<LockOutlined />} title="No API tokens yet" action={add}>
            A program sends a token with each request. Create one for each program, with only the roles that it needs.
          </EmptyState>
        }
      />
      {isAdding && <TokenDialog roles={known} tokens={tokens.data ?? []} onClose={() => setAdding(false)} />}
      {revoked && <RevokeDialog token={revoked} onClose={() => setRevoked(undefined)} />}
    </Page>
  );
}

function RevokeDialog({ token, onClose }: { token: ApiToken; onClose: () => void }) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.name),
    onSuccess: () => {
      message.success(`${token.name} is revoked`);
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['api-tokens'] }),
  });
  return (
    <Modal
      open
      title={`Revoke ${token.name}?`}
      okText="Revoke token"
      okButtonProps={{ danger: true }}
      cancelText="Cancel"
      confirmLoading={revoke.isPending}
      onCancel={onClose}
      onOk={() => revoke.mutate()}
    >
      {revoke.error && <ProblemNotice compact error={revoke.error} />}
      <p>
        Requests with this token are refused from now on. This cannot be undone; the program needs a new token.{' '}
        {token.last_used_at ? (
          <>
            It was last used <Timestamp at={token.last_used_at} />.
          </>
        ) : (
          'It has never been used.'
        )}
      </p>
    </Modal>
  );
}
