import { createCustomerLink, revokeCustomerLinks } from '@client/customerLinks';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { CalendarDate } from '@kit/format';
import { CopyOutlined } from '@kit/icons';
import { Card } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { useMutation } from '@tanstack/react-query';
import { Button, Popconfirm, Space } from 'antd';
import { useState } from 'react';

const noPermission = 'Your role may not change orders';

/** The page on which a customer follows the order: create its link, copy it, and revoke all links. */
export function CustomerPageCard({ orderId }: { orderId: string }) {
  const mayWrite = usePermission('orders.write');
  const [copied, setCopied] = useState(false);
  const link = useMutation({ mutationFn: () => createCustomerLink(orderId), onSuccess: () => setCopied(false) });
  const revoke = useMutation({ mutationFn: () => revokeCustomerLinks(orderId), onSuccess: () => link.reset() });
  const error = link.error ?? revoke.error;
  return (
    <Card title="Customer page">
      <p className="muted">With a link, the customer follows the order, corrects the address, cancels or returns, without an account.</p>
      {link.data && (
        <p>
          <a href={link.data.url} target="_blank" rel="noreferrer">
            Open the customer page
          </a>
          <span className="muted">
            {' '}
            · valid until <CalendarDate date={link.data.expires_at.slice(0, 10)} />
          </span>
        </p>
      )}
      {error && <ProblemNotice compact error={error} />}
      <Space wrap>
        {link.data ? (
          <Button
            size="small"
            icon={<CopyOutlined />}
            onClick={() => void navigator.clipboard.writeText(link.data.url).then(() => setCopied(true))}
          >
            {copied ? 'Copied' : 'Copy link'}
          </Button>
        ) : (
          <ExplainedButton
            size="small"
            loading={link.isPending}
            allowed={mayWrite}
            disabledReason={noPermission}
            onClick={() => link.mutate()}
          >
            Create link
          </ExplainedButton>
        )}
        <Popconfirm
          title="Revoke all links of this order?"
          description="Links that were sent before stop working."
          okText="Revoke links"
          disabled={!mayWrite}
          onConfirm={() => revoke.mutate()}
        >
          <ExplainedButton size="small" loading={revoke.isPending} allowed={mayWrite} disabledReason={noPermission}>
            Revoke links
          </ExplainedButton>
        </Popconfirm>
      </Space>
      {revoke.isSuccess && !link.data && <p role="status">All links of this order are revoked.</p>}
    </Card>
  );
}
