import { CheckCircleFilled, CloseCircleOutlined } from '@kit/icons';
import type { OrderDetail, SourcingDecision } from '@client/orders';
import { QueryContent } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Card } from '@kit/layout';
import { costPartLabel } from '@vocabulary';
import type { UseQueryResult } from '@tanstack/react-query';

/** Sourcing decisions: every source considered with its cost or exclusion reason. */
export function SourcingCard({ query, order }: { query: UseQueryResult<SourcingDecision[]>; order: OrderDetail }) {
  return (
    <Card title="Sourcing decision">
      <QueryContent query={query}>
        {(decisions) =>
          decisions.length === 0 ? (
            <p className="muted">Not sourced yet. The decision and its reasons appear here after sourcing.</p>
          ) : (
            <div className="stack">
              {decisions.map((decision) => (
                <Decision key={decision.decided_at} decision={decision} order={order} />
              ))}
            </div>
          )
        }
      </QueryContent>
    </Card>
  );
}

function Decision({ decision, order }: { decision: SourcingDecision; order: OrderDetail }) {
  const lines = [...new Set([...decision.chosen, ...decision.candidates].map((item) => item.line_id))];
  return (
    <div>
      <p className="muted">
        Decided <Timestamp at={decision.decided_at} /> by strategy <strong>{decision.strategy}</strong>
      </p>
      {lines.map((line, index) => (
        <LineDecision key={line} first={index === 0} line={line} decision={decision} order={order} />
      ))}
    </div>
  );
}

function LineDecision({ line, first, decision, order }: { line: string; first: boolean; decision: SourcingDecision; order: OrderDetail }) {
  const orderLine = order.lines.find((item) => item.id === line);
  const selected = decision.chosen.filter((entry) => entry.line_id === line);
  const candidates = decision.candidates
    .filter((candidate) => candidate.line_id === line)
    .toSorted((a, b) => (a.refused ? 1 : 0) - (b.refused ? 1 : 0) || a.total - b.total);
  const parts = [...new Set(candidates.flatMap((current) => Object.keys(current.cost)))];
  const chosenSources = selected.flatMap((value) => (value.source === null ? [] : `${formatNumber(value.quantity)} from ${value.source}`));
  const outcome = chosenSources.join(', ') || 'No source available';
  return (
    <details className="choice" open={first || decision.candidates.length <= 12 || selected.length === 0}>
      <summary style={{ cursor: 'pointer' }}>
        <span className="strong">{orderLine?.name ?? orderLine?.product ?? 'Line'}</span> <span className="muted">— {outcome}</span>
      </summary>
      {candidates.length > 0 && (
        <HorizontalScroll className="bleed" label="Sources considered">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Source</th>
                {parts.map((part) => (
                  <th key={part} scope="col" className="num">
                    {costPartLabel(part)}
                  </th>
                ))}
                <th scope="col" className="num">
                  Cost
                </th>
                <th scope="col">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {candidates.map((item) => {
                const isChosen = selected.some((choice) => choice.source === item.source);
                return (
                  <tr key={item.source} data-chosen={isChosen}>
                    <td className={isChosen ? 'strong' : undefined}>{item.source}</td>
                    {parts.map((part) => (
                      <td key={part} className="num figure">
                        {formatAmount(item.cost[part])}
                      </td>
                    ))}
                    <td className="num figure">{formatAmount(item.total)}</td>
                    <td>
                      {isChosen ? (
                        <>
                          <CheckCircleFilled style={{ color: 'var(--tone-done-mark)' }} aria-hidden="true" /> Chosen
                        </>
                      ) : item.refused !== '' ? (
                        <span className="muted">
                          <CloseCircleOutlined aria-hidden="true" /> {item.refused}
                        </span>
                      ) : (
                        <span className="muted">Costs more</span>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </HorizontalScroll>
      )}
    </details>
  );
}

const amountFormat = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const formatAmount = (value: unknown): string => {
  if (typeof value === 'number') return amountFormat.format(value);
  return typeof value === 'string' && value !== '' ? (Number.isNaN(Number(value)) ? value : amountFormat.format(Number(value))) : '—';
};
