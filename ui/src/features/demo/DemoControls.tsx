import { ExplainedButton } from '@kit/ExplainedButton';
import { attentionKey } from '@client/attention';
import { breakThreePl, cancelInStore, type Demo, demoKey, placeOrders, placeUnknownProduct, repairThreePl, setPace } from '@client/demo';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import {
  CloseOutlined,
  InboxOutlined,
  PauseOutlined,
  PlayCircleOutlined,
  PlusOutlined,
  RedoOutlined,
  ThunderboltOutlined,
} from '@kit/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import {} from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';

const USUAL_PACE = 4;
const TEN = 10;

const arrivals = (perMinute: number): string => {
  if (perMinute === 0) return 'No new orders arrive';
  if (perMinute < 1) return `A new order arrives about every ${formatNumber(Math.round(1 / perMinute))} minutes`;
  return perMinute === 1 ? 'One new order arrives per minute' : `About ${formatNumber(Math.round(perMinute))} new orders arrive per minute`;
};

/** What happens outside OpenIOM: shoppers who place orders in the store, and the 3PL that ships them. */
export function DemoControls({ demo, onFixed }: { demo: Demo; onFixed: () => void }) {
  const queryClient = useQueryClient();
  const [result, setResult] = useState<ReactNode>('');
  const act = useMutation({
    mutationFn: (action: () => Promise<ReactNode>) => action(),
    onMutate: () => setResult(''),
    onSuccess: async (says) => {
      setResult(says);
      await Promise.all([demoKey, attentionKey].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
    },
  });
  const { three_pl_is_down: isDown, orders_per_minute: perMinute } = demo;

  const toggle3pl = async (): Promise<string> => {
    if (!isDown) {
      await breakThreePl();
      return 'The 3PL no longer responds. Orders wait for it, and none is lost.';
    }
    await repairThreePl();
    onFixed();
    return 'The 3PL responds again. The waiting orders continue on their own.';
  };
  const togglePace = async (): Promise<string> => {
    await setPace(perMinute > 0 ? 0 : USUAL_PACE);
    return perMinute > 0 ? 'No new orders arrive until you resume them.' : 'New orders arrive again.';
  };
  const sendTen = async (): Promise<ReactNode> => {
    const { numbers } = await placeOrders(TEN);
    return (
      <>
        Ten orders were placed in the store, {numbers[0]} to {numbers.at(-1)}. <Link to="/orders">View orders</Link>
      </>
    );
  };
  const sendUnknown = async (): Promise<ReactNode> => {
    const { numbers, sku } = await placeUnknownProduct();
    return (
      <>
        Order {numbers[0]} contains {sku}, which no product is mapped to. <Link to="/my-work/messages">View parked messages</Link>
      </>
    );
  };
  const cancel = async (): Promise<ReactNode> => {
    const { number } = await cancelInStore();
    if (number === '') return 'The store has no open order to cancel.';
    return (
      <>
        Order {number} was canceled in the store. <Link to={`/orders?search=${number}`}>View order {number}</Link>
      </>
    );
  };

  const button = (label: string, action: () => Promise<ReactNode>, icon?: ReactNode) => (
    <ExplainedButton
      icon={icon}
      allowed={!act.isPending}
      disabledReason="The last action is in progress"
      onClick={() => act.mutate(action)}
    >
      {label}
    </ExplainedButton>
  );
  return (
    <section aria-labelledby="outside-heading">
      <h3 id="outside-heading">Outside OpenIOM</h3>
      <p className="demo-state">
        {arrivals(perMinute)}. {isDown ? 'The 3PL does not respond.' : 'The 3PL works.'}
      </p>
      <div className="demo-actions" aria-busy={act.isPending}>
        {isDown ? button('Fix the 3PL', toggle3pl, <RedoOutlined />) : button('Break the 3PL', toggle3pl, <ThunderboltOutlined />)}
        {button('Send ten orders', sendTen, <PlusOutlined />)}
        {button('Send an unknown product', sendUnknown, <InboxOutlined />)}
        {button('Cancel an order in the store', cancel, <CloseOutlined />)}
        {perMinute > 0
          ? button('Pause new orders', togglePace, <PauseOutlined />)
          : button('Resume new orders', togglePace, <PlayCircleOutlined />)}
      </div>
      <p className="demo-result" role="status">
        {result}
      </p>
      {act.error && <ProblemNotice compact error={act.error} />}
    </section>
  );
}
