import { CheckCircleFilled, CloseCircleOutlined } from '@kit/icons';
import type { OrderDetail, SourcingDecision } from '@client/orders';
import { Loaded } from '@kit/feedback';
import { whole, When } from '@kit/format';
import { ScrollX } from '@kit/HorizontalScroll';
import { Section } from '@kit/layout';
import { inWords } from '@kit/states';
import type { UseQueryResult } from '@tanstack/react-query';

/** Why each line ships from where it ships: every source that was considered, at what cost, and what ruled it out. */
export function SourcingCard({ answer, order }: { answer: UseQueryResult<SourcingDecision[]>; order: OrderDetail }) {
  return (
    <Section title="Sourcing decision">
      <Loaded answer={answer}>
        {(decisions) =>
          decisions.length === 0 ? (
            <p className="muted">No source has been chosen yet. When the optimizer decides, its reasons stand here.</p>
          ) : (
            <div className="stack">
              {decisions.map((decision) => (
                <Decision key={decision.at} decision={decision} order={order} />
              ))}
            </div>
          )
        }
      </Loaded>
    </Section>
  );
}

function Decision({ decision, order }: { decision: SourcingDecision; order: OrderDetail }) {
  const lines = [...new Set([...decision.chosen, ...decision.candidates].map((one) => one.line_id))];
  return (
    <div>
      <p className="muted">
        Decided <When at={decision.at} /> by strategy <strong>{decision.strategy}</strong>
      </p>
      {lines.map((line, index) => (
        <LineDecision key={line} first={index === 0} line={line} decision={decision} order={order} />
      ))}
    </div>
  );
}

function LineDecision({ line, first, decision, order }: { line: string; first: boolean; decision: SourcingDecision; order: OrderDetail }) {
  const ordered = order.lines.find((one) => one.id === line);
  const chosen = decision.chosen.filter((one) => one.line_id === line);
  const candidates = decision.candidates
    .filter((one) => one.line_id === line)
    .toSorted((a, b) => (a.refused ? 1 : 0) - (b.refused ? 1 : 0) || a.total - b.total);
  const parts = [...new Set(candidates.flatMap((one) => Object.keys(one.cost)))];
  const served = chosen.flatMap((one) => (one.source === null ? [] : `${whole(one.quantity)} from ${one.source}`));
  const words = served.join(', ') || 'No source could take it';
  return (
    <details className="choice" open={first || decision.candidates.length <= 12 || chosen.length === 0}>
      <summary style={{ cursor: 'pointer' }}>
        <span className="strong">{ordered?.name ?? ordered?.product ?? 'Line'}</span> <span className="muted">— {words}</span>
      </summary>
      {candidates.length > 0 && (
        <ScrollX className="bleed" label="Sources considered">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Source considered</th>
                {parts.map((part) => (
                  <th key={part} scope="col" className="num">
                    {inWords(part)}
                  </th>
                ))}
                <th scope="col" className="num">
                  Cost
                </th>
                <th scope="col">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {candidates.map((one) => {
                const taken = chosen.some((choice) => choice.source === one.source);
                return (
                  <tr key={one.source} data-chosen={taken}>
                    <td className={taken ? 'strong' : undefined}>{one.source}</td>
                    {parts.map((part) => (
                      <td key={part} className="num figure">
                        {shown(one.cost[part])}
                      </td>
                    ))}
                    <td className="num figure">{shown(one.total)}</td>
                    <td>
                      {taken ? (
                        <>
                          <CheckCircleFilled style={{ color: 'var(--tone-done-mark)' }} aria-hidden="true" /> Chosen
                        </>
                      ) : one.refused !== '' ? (
                        <span className="muted">
                          <CloseCircleOutlined aria-hidden="true" /> {one.refused}
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
        </ScrollX>
      )}
    </details>
  );
}

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const shown = (value: unknown): string => {
  if (typeof value === 'number') return number.format(value);
  return typeof value === 'string' && value !== '' ? (Number.isNaN(Number(value)) ? value : number.format(Number(value))) : '—';
};
