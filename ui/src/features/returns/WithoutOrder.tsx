import { receiveWithoutOrder } from '@client/returns';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { Card } from '@kit/layout';
import { useMutation } from '@tanstack/react-query';
import { App, Input, InputNumber } from 'antd';
import { useState } from 'react';
import { useNavigate } from 'react-router';

/** Receive goods of which the order is not known yet. */
export function WithoutOrder({ place }: { place: string | undefined }) {
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [product, setProduct] = useState('');
  const [quantity, setQuantity] = useState<number | null>(1);
  const receive = useMutation({
    mutationFn: () => receiveWithoutOrder(product.trim(), quantity ?? 0, place ?? '', crypto.randomUUID()),
    onSuccess: ([result]) => {
      if (result?.ok && result.id) void navigate(`/returns/${result.id}`);
      else void message.error(result?.reason);
    },
  });
  const reason = place === undefined ? 'Choose where the goods were received' : 'Enter a product and units';
  return (
    <Card title="Goods without an order">
      {receive.error && <ProblemNotice error={receive.error} compact />}
      <div className="units-fields">
        <label>
          <span>Product</span>
          <Input value={product} onChange={(event) => setProduct(event.target.value)} aria-label="Product" />
        </label>
        <label>
          <span>Units</span>
          <InputNumber min={0} value={quantity} onChange={setQuantity} aria-label="Units" inputMode="decimal" />
        </label>
        <ExplainedButton
          allowed={place !== undefined && product.trim() !== '' && Boolean(quantity)}
          disabledReason={reason}
          loading={receive.isPending}
          onClick={() => receive.mutate()}
        >
          Receive without order
        </ExplainedButton>
      </div>
    </Card>
  );
}
