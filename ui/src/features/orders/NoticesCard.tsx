import { getNotice, listOrderNotices, type Notice, resendNotice, switchNotices } from '@client/notices';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice, QueryContent } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { Card } from '@kit/layout';
import { StateTag } from '@kit/states';
import type { Tone } from '@kit/tokens';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Modal } from 'antd';
import { useState } from 'react';

const noPermission = 'Your role may not change orders';
const states: Record<Notice['state'], { label: string; tone: Tone }> = {
  pending: { label: 'Being sent', tone: 'progress' },
  sent: { label: 'Sent', tone: 'done' },
  failed: { label: 'Failed', tone: 'failed' },
  unsent: { label: 'Not sent', tone: 'attention' },
};

/** The e-mails about an order, newest first, and whether its customer receives more. */
export function NoticesCard({ orderId }: { orderId: string }) {
  const queryClient = useQueryClient();
  const mayWrite = usePermission('orders.write');
  const [opened, setOpened] = useState<string>();
  const queryKey = ['order', orderId, 'notices'];
  const notices = useQuery({ queryKey, queryFn: () => listOrderNotices(orderId) });
  const reload = () => queryClient.invalidateQueries({ queryKey });
  const toggle = useMutation({ mutationFn: (enabled: boolean) => switchNotices(orderId, enabled), onSuccess: reload });
  const resend = useMutation({ mutationFn: resendNotice, onSuccess: reload });
  const error = toggle.error ?? resend.error;
  return (
    <Card title="Notices">
      <QueryContent query={notices} rows={2}>
        {({ enabled, items }) => (
          <>
            {items.length === 0 && <p className="muted">No e-mails about this order yet.</p>}
            <ul className="notes" aria-label="Notices">
              {items.map((notice) => (
                <li key={notice.id}>
                  <div>
                    <StateTag state={notice.state} {...states[notice.state]} /> <Timestamp at={notice.sent_at ?? notice.created_at} />
                  </div>
                  <div className="strong">{notice.subject}</div>
                  <div className="muted">{notice.recipient}</div>
                  {notice.reason && <div className="muted">{notice.reason}</div>}
                  <Button size="small" type="link" aria-label={`Open the notice ${notice.subject}`} onClick={() => setOpened(notice.id)}>
                    Open
                  </Button>
                  <ExplainedButton
                    size="small"
                    type="link"
                    aria-label={`Resend the notice ${notice.subject}`}
                    allowed={mayWrite && notice.state !== 'pending'}
                    disabledReason={mayWrite ? 'This notice is still being sent' : noPermission}
                    onClick={() => resend.mutate(notice.id)}
                  >
                    Resend
                  </ExplainedButton>
                </li>
              ))}
            </ul>
            {error && <ProblemNotice compact error={error} />}
            <ExplainedButton
              size="small"
              loading={toggle.isPending}
              allowed={mayWrite}
              disabledReason={noPermission}
              onClick={() => toggle.mutate(!enabled)}
            >
              {enabled ? 'Switch notices off' : 'Switch notices on'}
            </ExplainedButton>
          </>
        )}
      </QueryContent>
      {opened && <NoticeDialog id={opened} onClose={() => setOpened(undefined)} />}
    </Card>
  );
}

function NoticeDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const notice = useQuery({ queryKey: ['notice', id], queryFn: () => getNotice(id) });
  return (
    <Modal open title={notice.data?.subject ?? 'Notice'} footer={null} onCancel={onClose}>
      <QueryContent query={notice} rows={4}>
        {(data) => (
          <pre style={{ whiteSpace: 'pre-wrap', fontFamily: 'inherit', overflowWrap: 'anywhere' }}>
            {data.body_text || 'This notice has no text.'}
          </pre>
        )}
      </QueryContent>
    </Modal>
  );
}
