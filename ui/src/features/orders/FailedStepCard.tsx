import { actOnFlowRuns } from '@client/orchestration';
import type { FlowRun, OrderDetail } from '@client/orders';
import { ActionDialog, type BulkAction } from '@kit/list';
import { Card } from '@kit/layout';
import { ExplainedButton } from '@kit/ExplainedButton';
import { Timestamp } from '@kit/format';
import { usePermission } from '@kit/usePermission';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

const NOT_ALLOWED = 'Your role may not change flow runs';

interface Choice {
  action: BulkAction;
  id: string;
}

const skipStep = (step: string): BulkAction => ({
  name: 'skip',
  label: 'Skip step',
  description: `The order continues after “${step}” as if the step had succeeded. The step is not run again. Use this when its work was done by hand.`,
  run: (ids) => actOnFlowRuns('skip', ids),
});

/** The products of an order that an error names: their stock is often the correction. */
export function productsInError(order: OrderDetail, what: string): string[] {
  const products = new Set(order.lines.map((line) => line.product));
  return [...products].filter((product) => product !== '' && what.includes(product));
}

/** Why an order stopped, with what its error proposes: correct the cause or skip the step. Its verdict reprocesses it. */
export function FailedStepCard({ order, flowRuns }: { order: OrderDetail; flowRuns: FlowRun[] | undefined }) {
  const queryClient = useQueryClient();
  const [choice, setChoice] = useState<Choice>();
  const failed = (flowRuns ?? []).filter((flowRun) => flowRun.state === 'failed');
  const dialog = choice && (
    <ActionDialog
      action={choice.action}
      selectedRows={[{ id: choice.id, label: order.number }]}
      noun={['order', 'orders']}
      onClose={() => setChoice(undefined)}
      onDone={() => {
        for (const queryKey of [['order', order.id], ['orders'], ['runs']]) void queryClient.invalidateQueries({ queryKey });
      }}
    />
  );
  return (
    <>
      {failed.map((flowRun) => (
        <FailedStep key={flowRun.id} order={order} flowRun={flowRun} onChoose={setChoice} />
      ))}
      {dialog}
    </>
  );
}

function FailedStep({ order, flowRun, onChoose }: { order: OrderDetail; flowRun: FlowRun; onChoose: (choice: Choice) => void }) {
  const step = flowRun.step_title ?? flowRun.step ?? 'a step';
  const { error } = flowRun;
  const products = productsInError(order, error?.what ?? '');
  const mayAct = usePermission('orchestration.write');
  return (
    <Card title={`Stopped at “${step}”`} extra={flowRun.since && <Timestamp at={flowRun.since} />}>
      <div className="stack">
        <p>
          {error?.what ?? 'The step failed.'}
          {error?.why && ` (${error.why})`}
        </p>
        {error?.remedy && <p className="muted">To do: {error.remedy}</p>}
        <div className="row failed-step-actions">
          <ExplainedButton
            allowed={mayAct}
            disabledReason={NOT_ALLOWED}
            onClick={() => onChoose({ action: skipStep(step), id: flowRun.id })}
          >
            Skip step
          </ExplainedButton>
          {products.map((product) => (
            <Link key={product} to={`/inventory?product=${encodeURIComponent(product)}`}>
              Correct the stock of {product}
            </Link>
          ))}
          <Link to={`/flows/${encodeURIComponent(flowRun.flow)}`}>Open the flow</Link>
        </div>
      </div>
    </Card>
  );
}
