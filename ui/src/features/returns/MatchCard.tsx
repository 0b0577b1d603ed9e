import { getReturnableByNumber, matchReturn, type ReturnDetail } from '@client/returns';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { formatQuantity } from '@kit/format';
import { Card } from '@kit/layout';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, Select } from 'antd';
import { useState } from 'react';

/** Find the order of goods that arrived without one, and choose the order line of each line. */
export function MatchCard({ item }: { item: ReturnDetail }) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const [text, setText] = useState('');
  const [number, setNumber] = useState('');
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const order = useQuery({ queryKey: ['returns', 'order', number], queryFn: () => getReturnableByNumber(number), enabled: number !== '' });
  const pairs = item.lines.flatMap((line) => (chosen[line.id] ? [{ id: line.id, order_line_id: chosen[line.id] ?? '' }] : []));
  const match = useMutation({
    mutationFn: () => matchReturn(pairs),
    onSuccess: ([result]) => {
      void (result?.ok ? message.success('Matched') : message.error(result?.reason));
      void queryClient.invalidateQueries({ queryKey: ['return', item.id] });
    },
  });
  return (
    <Card title="Match with an order">
      <div className="stack">
        {match.error && <ProblemNotice error={match.error} compact />}
        {order.error && <ProblemNotice error={order.error} compact />}
        <form
          className="receive-search"
          onSubmit={(event) => {
            event.preventDefault();
            setChosen({});
            setNumber(text.trim());
          }}
        >
          <label>
            <span>Order number</span>
            <Input value={text} onChange={(event) => setText(event.target.value)} aria-label="Order number" />
          </label>
          <Button htmlType="submit">Find order</Button>
        </form>
        {order.data === null && <p className="muted">There is no order {number}.</p>}
        {order.data && (
          <>
            {item.lines.map((line) => (
              <label key={line.id} className="match-line">
                <span>{line.name || line.product}</span>
                <Select
                  value={chosen[line.id]}
                  onChange={(value) => setChosen({ ...chosen, [line.id]: value })}
                  placeholder="Order line"
                  aria-label={`Order line of ${line.name || line.product}`}
                  options={(order.data?.lines ?? [])
                    .filter((one) => one.product === line.product)
                    .map((one) => ({
                      value: one.order_line_id,
                      label: `Line ${one.line_number}, ${formatQuantity(one.returnable)} ${one.unit} can be returned`,
                    }))}
                  notFoundContent={`The order has no line of ${line.product}`}
                />
              </label>
            ))}
            <div>
              <ExplainedButton
                type="primary"
                allowed={pairs.length === item.lines.length}
                disabledReason="Choose an order line for every line"
                loading={match.isPending}
                onClick={() => match.mutate()}
              >
                Match
              </ExplainedButton>
            </div>
          </>
        )}
      </div>
    </Card>
  );
}
