import { pauseFlow, resumeFlow } from '@client/orchestration';
import { PauseOutlined, PlayCircleOutlined } from '@kit/icons';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { usePermission } from '@kit/usePermission';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Modal } from 'antd';
import { useState } from 'react';

interface Props {
  flow: { name: string; title: string; paused: boolean };
  small?: boolean;
}

/** Pause a flow, after saying what that means, or resume it. */
export function FlowPause({ flow, small }: Props) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const mayChange = usePermission('orchestration.write');
  const title = flow.title || flow.name;
  const change = useMutation({
    mutationFn: () => (flow.paused ? resumeFlow(flow.name) : pauseFlow(flow.name)),
    onSuccess: () => {
      message.success(flow.paused ? `${title} resumed. Its runs continue where they waited` : `${title} is paused`);
      setAsking(false);
    },
    onSettled: async () => {
      for (const name of ['flows', 'flow', 'runs']) await queryClient.invalidateQueries({ queryKey: [name] });
    },
  });
  return (
    <>
      <ExplainedButton
        size={small ? 'small' : undefined}
        type={flow.paused ? 'primary' : 'default'}
        icon={flow.paused ? <PlayCircleOutlined /> : <PauseOutlined />}
        allowed={mayChange}
        disabledReason="Your role may not change flows"
        aria-label={`${flow.paused ? 'Resume' : 'Pause'} ${title}`}
        loading={change.isPending && !isAsking}
        onClick={() => (flow.paused ? change.mutate() : setAsking(true))}
      >
        {flow.paused ? 'Resume' : 'Pause'}
      </ExplainedButton>
      {change.error && !isAsking && <ProblemNotice compact error={change.error} />}
      <Modal
        open={isAsking}
        title={`Pause ${title}?`}
        okText="Pause flow"
        cancelText="Cancel"
        confirmLoading={change.isPending}
        onCancel={() => setAsking(false)}
        onOk={() => change.mutate()}
      >
        {change.error && <ProblemNotice compact error={change.error} />}
        <p>
          Orders are still received, but this flow does not continue with them: each run waits at its step, and no provider is called. Calls
          that are under way are completed. Nothing is lost: after you resume it, every run continues in its order.
        </p>
      </Modal>
    </>
  );
}
