import { CandidateTableHead } from '@kit/CandidateTableHead';
import { type Decision, listDecisions, explainOrder, type ExplainedCandidate, type ExplainedLine, getOrderNames } from '@client/sourcing';
import { getOrder } from '@client/orders';
import { asProblem } from '@client/problem';
import { CheckCircleFilled, CloseCircleOutlined } from '@kit/icons';
import { QueryContent } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Badge } from '@kit/states';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Drawer, Segmented } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { CostBreakdown, significantParts } from './CostBreakdown';
import { formatCost, costUnit } from '@kit/costs';

/** The sourcing of an order: the original decision, and the current plan with the changes needed to choose other sources. */
export function ExplainDrawer({ order, decision, onClose }: { order: string; decision?: string; onClose: () => void }) {
  const [requestedView, setView] = useState<'now' | 'then'>();
  const name = useQuery({ queryKey: ['order-names', [order]], queryFn: async () => (await getOrderNames([order]))[0] ?? null });
  const explained = useQuery({
    queryKey: ['explain', order],
    queryFn: () => explainOrder(order),
    staleTime: 10_000,
    retry: (times, error) => asProblem(error).status !== 404 && times < 2,
  });
  // Orders without open quantity cannot be planned; show the original decision.
  const nothingToPlan = explained.error !== null && asProblem(explained.error).status === 404;
  const view = requestedView ?? (nothingToPlan ? 'then' : 'now');
  const decided = useQuery({ queryKey: ['decisions', order], queryFn: () => listDecisions(order) });
  const lines = useQuery({
    queryKey: ['orders', 'lines', order],
    queryFn: async () => (await getOrder(order)).lines,
    enabled: nothingToPlan,
    retry: false,
  });
  const products = new Map((lines.data ?? []).map((item) => [item.id, item.product]));
  for (const entry of explained.data?.lines ?? []) products.set(entry.line_id, entry.product);
  return (
    <Drawer
      open
      size={980}
      onClose={onClose}
      title={`Order ${name.data?.number ?? ''}`}
      extra={<Link to={`/orders/${order}`}>Open the order</Link>}
    >
      <div className="stack">
        <Segmented
          style={{ justifySelf: 'start' }}
          value={view}
          onChange={setView}
          options={[
            { value: 'now', label: 'Current plan' },
            { value: 'then', label: 'Original decision' },
          ]}
        />
        {view === 'now' && nothingToPlan ? (
          <p className="muted">This order has no open quantity to source. See the original decision.</p>
        ) : view === 'now' ? (
          <QueryContent query={explained} rows={10}>
            {(data) => (
              <>
                <p className="muted">
                  Planned again <Timestamp at={data.planned_at} /> by strategy <strong>{data.strategy}</strong>. Nothing was saved, and
                  stock reserved for this order counts as available. The cost would be{' '}
                  <strong>{formatCost(data.cost, costUnit(data))}</strong>.
                </p>
                <CostBreakdown parts={data.parts} unit={costUnit(data)} bar={false} />
                {data.lines.map((line) => (
                  <PlannedLine key={line.line_id} line={line} unit={costUnit(data)} />
                ))}
              </>
            )}
          </QueryContent>
        ) : (
          <QueryContent query={decided} rows={10}>
            {(match) => <PastDecision decision={match.find((candidate) => candidate.id === decision) ?? match[0]} products={products} />}
          </QueryContent>
        )}
      </div>
    </Drawer>
  );
}

const costPartNames = (candidates: readonly { cost: Record<string, number> }[]): string[] => [
  ...new Set(candidates.flatMap((candidate) => significantParts(candidate.cost).map(([name]) => name))),
];

function PlannedLine({ line, unit }: { line: ExplainedLine; unit: string }) {
  const parts = costPartNames(line.candidates);
  const moved = line.assigned !== '' && line.source !== '' && line.assigned !== line.source;
  return (
    <details className="choice" open>
      <summary>
        <span className="strong">{line.product}</span>{' '}
        <span className="muted">
          — {formatNumber(line.quantity)} {line.source ? `from ${line.source}` : ': no source available'}
          {moved && ` (currently at ${line.assigned})`}
          {line.considered > line.candidates.length && `; ${line.candidates.length} of ${formatNumber(line.considered)} sources shown`}
        </span>
      </summary>
      <HorizontalScroll className="bleed" label={`Sources considered for ${line.product}`}>
        <table className="plain">
          <CandidateTableHead parts={parts} unit={unit} last="Change needed" />
          <tbody>
            {line.candidates.map((candidate) => (
              <tr key={candidate.source} data-chosen={candidate.chosen}>
                <CandidateCosts candidate={candidate} parts={parts} />
                <td>
                  <Outcome
                    selected={candidate.chosen}
                    refused={candidate.refused}
                    quantity={candidate.quantity < line.quantity ? candidate.quantity : undefined}
                  />
                </td>
                <td>
                  <WinningChanges candidate={candidate} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </HorizontalScroll>
    </details>
  );
}

function CandidateCosts({
  candidate,
  parts,
}: {
  candidate: Pick<ExplainedCandidate, 'source' | 'on_hand' | 'cost' | 'total' | 'chosen'>;
  parts: string[];
}) {
  return (
    <>
      <td className={candidate.chosen ? 'strong' : undefined}>{candidate.source}</td>
      <td className="num figure">{candidate.on_hand > 1e9 ? '∞' : formatNumber(candidate.on_hand)}</td>
      {parts.map((part) => (
        <td key={part} className="num figure part">
          {candidate.cost[part] ? formatCost(candidate.cost[part]) : <span className="muted">—</span>}
        </td>
      ))}
      <td className="num figure strong">{formatCost(candidate.total)}</td>
    </>
  );
}

function Outcome({ selected, refused, quantity }: { selected: boolean; refused: string; quantity?: number }) {
  if (selected)
    return (
      <span className="nowrap">
        <CheckCircleFilled style={{ color: 'var(--tone-done-mark)' }} /> Chosen{quantity !== undefined && ` for ${formatNumber(quantity)}`}
      </span>
    );
  if (refused !== '')
    return (
      <span className="muted">
        <CloseCircleOutlined /> {humanize(refused)}
      </span>
    );
  return <span className="muted">Costs more</span>;
}

/** The smallest changes that would make a source the best choice. Verified changes were recalculated. */
function WinningChanges({ candidate }: { candidate: ExplainedCandidate }) {
  if (candidate.chosen) return <span className="muted">—</span>;
  if (candidate.wins_with.length === 0) return <span className="muted">None found</span>;
  return (
    <span className="ways">
      {candidate.wins_with.map((change) => (
        <span key={change.text} className="row" style={{ gap: 6 }}>
          <span className="strong">{humanize(change.text)}</span>
          {change.verified ? (
            <Badge tone="done" icon={<CheckCircleFilled />}>
              Verified
            </Badge>
          ) : (
            <Badge>Estimated</Badge>
          )}
        </span>
      ))}
    </span>
  );
}

function PastDecision({ decision, products }: { decision: Decision | undefined; products: ReadonlyMap<string, string> }) {
  if (!decision) return <p className="muted">No sourcing decision is stored for this order.</p>;
  const lines = [...new Set([...decision.chosen, ...decision.candidates].map((item) => item.line_id))];
  return (
    <>
      <p className="muted">
        Decided <Timestamp at={decision.decided_at} /> by strategy <strong>{decision.strategy}</strong> for{' '}
        <strong>{formatCost(decision.cost, costUnit(decision))}</strong>; {formatNumber(decision.considered)} sources were considered.{' '}
        {decision.note}
      </p>
      <CostBreakdown parts={decision.parts} unit={costUnit(decision)} bar={false} />
      {lines.map((id, index) => {
        const candidates = decision.candidates.filter((candidate) => candidate.line_id === id);
        const parts = costPartNames(candidates);
        const selected = decision.chosen.filter((entry) => entry.line_id === id && entry.source !== null);
        return (
          <details key={id} className="choice" open>
            <summary>
              <span className="strong">{products.get(id) ?? `Line ${index + 1}`}</span>{' '}
              <span className="muted">
                —{' '}
                {selected.map((current) => `${formatNumber(current.quantity)} from ${current.source ?? ''}`).join(', ') ||
                  'no source available'}
              </span>
            </summary>
            <HorizontalScroll className="bleed" label="Sources considered">
              <table className="plain">
                <CandidateTableHead parts={parts} unit={costUnit(decision)} />
                <tbody>
                  {candidates.map((value) => (
                    <tr key={value.source} data-chosen={value.chosen}>
                      <CandidateCosts candidate={value} parts={parts} />
                      <td>
                        <Outcome selected={value.chosen} refused={value.refused} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </HorizontalScroll>
          </details>
        );
      })}
    </>
  );
}
