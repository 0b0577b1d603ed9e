import { PartitionOutlined } from '@kit/icons';
import { listFlows } from '@client/orchestration';
import { EmptyState, QueryContent } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Page, Card } from '@kit/layout';
import { Badge, StateTag } from '@kit/states';
import { eventTitle, humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { FlowPause } from './FlowPause';

export default function FlowsPage() {
  const flows = useQuery({ queryKey: ['flows'], queryFn: listFlows, refetchInterval: 15_000 });
  return (
    <Page
      title="Flows"
      description="The processes that orders follow. Published versions do not change; running orders keep their version."
    >
      <Card flush className="flows">
        <QueryContent query={flows} rows={5}>
          {(items) =>
            items.length === 0 ? (
              <EmptyState icon={<PartitionOutlined />} title="No flows yet" action={<Link to="/providers">View installed providers</Link>}>
                A flow defines how orders are processed, from the check of the payment to the shipment. Publish one with{' '}
                <code>iom config apply</code>, then connect the store that sends orders.
              </EmptyState>
            ) : (
              <HorizontalScroll label="Flows">
                <table className="plain">
                  <thead>
                    <tr>
                      <th scope="col">Flow</th>
                      <th scope="col">Starts when</th>
                      <th scope="col">State</th>
                      <th scope="col" className="num">
                        Running
                      </th>
                      <th scope="col" className="num">
                        Waiting
                      </th>
                      <th scope="col" className="num">
                        Failed
                      </th>
                      <th scope="col">Actions</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((flow) => (
                      <tr key={flow.name}>
                        <td>
                          <span className="two-line">
                            <Link className="strong" to={`/flows/${encodeURIComponent(flow.name)}`}>
                              {flow.title || flow.name}
                            </Link>
                            <span className="muted">
                              {humanize(flow.subject)}, version {flow.version}
                            </span>
                          </span>
                        </td>
                        <td>{eventTitle(flow.trigger)}</td>
                        <td>
                          <StateTag state={flow.paused ? 'paused' : flow.active ? 'active' : 'inactive'} />
                        </td>
                        <td className="num figure">{formatNumber(flow.running)}</td>
                        <td className="num figure">{formatNumber(flow.waiting)}</td>
                        <td className="num figure">
                          {flow.failed > 0 ? (
                            <Link to={`/my-work/runs?flow=${encodeURIComponent(flow.name)}`}>
                              <Badge tone="failed">{formatNumber(flow.failed)}</Badge>
                            </Link>
                          ) : (
                            '0'
                          )}
                        </td>
                        <td>
                          <FlowPause small flow={flow} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </HorizontalScroll>
            )
          }
        </QueryContent>
      </Card>
    </Page>
  );
}
