import { CandidateTableHead } from '@kit/CandidateTableHead';
import { CheckCircleFilled, CloseCircleOutlined } from '@kit/icons';
import type { OrderDetail, Sourcing, SourcingDecision, SourcingMove } from '@client/orders';
import { costUnit, formatCost } from '@kit/costs';
import { QueryContent } from '@kit/feedback';
import { formatNumber, formatQuantity, Timestamp } from '@kit/format';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { FoldedCard } from '@kit/layout';
import { humanize } from '@vocabulary';
import type { UseQueryResult } from '@tanstack/react-query';

type Candidate = SourcingDecision['candidates'][number];

/**
 * Sourcing decisions as they were made: every source considered with its cost, or why it was refused. They are kept when
 * the order has shipped.
 */
export function SourcingCard({ query, order }: { query: UseQueryResult<Sourcing>; order: OrderDetail }) {
  return (
    <FoldedCard title="Sourcing decision" summary={query.data && summaryOf(query.data)}>
      <QueryContent query={query}>
        {({ decisions, moves }) =>
          decisions.length === 0 ? (
            <p className="muted">Not sourced yet. The decision and its reasons appear here after sourcing.</p>
          ) : (
            <div className="stack">
              {moves.map((move) => (
                <Move key={`${move.line_id} ${move.moved_at}`} move={move} order={order} />
              ))}
              {decisions.map((decision) => (
                <Decision key={decision.id} decision={decision} order={order} />
              ))}
            </div>
          )
        }
      </QueryContent>
    </FoldedCard>
  );
}

/** The sources of the last decisions, one for each address, and what they cost together, as "SEA, CHI for 11.40 USD". */
function summaryOf({ decisions, moves }: Sourcing): string {
  const [first] = decisions;
  if (!first) return '';
  const last = decisions.filter(({ decided_at }) => decided_at === first.decided_at);
  const sources = new Set(last.flatMap(({ chosen }) => chosen.flatMap(({ source }) => (source === null ? [] : [source]))));
  if (sources.size === 0) return 'No source available';
  const cost = last.reduce((sum, decision) => sum + decision.cost, 0);
  return `${listFormat.format(sources)} for ${formatCost(cost, costUnit(first))}${moves.length > 0 ? ', then moved' : ''}`;
}

const listFormat = new Intl.ListFormat(undefined, { style: 'narrow' });

const lineName = (order: OrderDetail, id: string): string => {
  const line = order.lines.find((item) => item.id === id);
  return line?.name ?? line?.product ?? 'Line';
};

function Move({ move, order }: { move: SourcingMove; order: OrderDetail }) {
  return (
    <p>
      <strong>{lineName(order, move.line_id)}</strong> was moved from {move.from_source} to {move.to_source}{' '}
      <Timestamp at={move.moved_at} />, which saved {formatCost(move.saving, move.currency)}.
    </p>
  );
}

function Decision({ decision, order }: { decision: SourcingDecision; order: OrderDetail }) {
  const lines = [...new Set([...decision.chosen, ...decision.candidates].map((item) => item.line_id))];
  const unit = costUnit(decision);
  return (
    <div>
      <p className="muted">
        Decided <Timestamp at={decision.decided_at} /> by strategy <strong>{decision.strategy}</strong> for{' '}
        <strong>{formatCost(decision.cost, unit)}</strong>; {formatNumber(decision.considered)} sources were considered. {decision.note}
      </p>
      {lines.map((line) => (
        <LineDecision key={line} line={line} unit={unit} decision={decision} order={order} />
      ))}
    </div>
  );
}

interface LineDecisionProps {
  line: string;
  unit: string;
  decision: SourcingDecision;
  order: OrderDetail;
}

function LineDecision({ line, unit, decision, order }: LineDecisionProps) {
  const selected = decision.chosen.filter((entry) => entry.line_id === line);
  const candidates = decision.candidates
    .filter((candidate) => candidate.line_id === line)
    .toSorted((a, b) => (a.refused ? 1 : 0) - (b.refused ? 1 : 0) || a.total - b.total);
  const chosenSources = selected.flatMap(({ source, quantity }) => (source === null ? [] : `${formatQuantity(quantity)} from ${source}`));
  return (
    <details className="choice" open>
      <summary style={{ cursor: 'pointer' }}>
        <span className="strong">{lineName(order, line)}</span>{' '}
        <span className="muted">— {chosenSources.join(', ') || 'No source available'}</span>
      </summary>
      {candidates.length > 0 && <CandidateTable candidates={candidates} unit={unit} chosen={selected.map(({ source }) => source)} />}
    </details>
  );
}

function CandidateTable({ candidates, unit, chosen }: { candidates: Candidate[]; unit: string; chosen: (string | null)[] }) {
  const parts = [...new Set(candidates.flatMap((current) => Object.keys(current.cost)))];
  return (
    <HorizontalScroll className="bleed" label="Sources considered">
      <table className="plain">
        <CandidateTableHead parts={parts} unit={unit} />
        <tbody>
          {candidates.map((item) => (
            <tr key={item.source} data-chosen={chosen.includes(item.source)}>
              <td className={chosen.includes(item.source) ? 'strong' : undefined}>{item.source}</td>
              <td className="num figure">{item.on_hand > 1e9 ? '∞' : formatQuantity(item.on_hand)}</td>
              {parts.map((part) => (
                <td key={part} className="num figure">
                  {formatCost(item.cost[part], '', unit)}
                </td>
              ))}
              <td className="num figure strong">{formatCost(item.total, '', unit)}</td>
              <td>
                <Outcome item={item} unit={unit} isChosen={chosen.includes(item.source)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </HorizontalScroll>
  );
}

function Outcome({ item, unit, isChosen }: { item: Candidate; unit: string; isChosen: boolean }) {
  if (isChosen) {
    return (
      <span className="nowrap">
        <CheckCircleFilled style={{ color: 'var(--tone-done-mark)' }} aria-hidden="true" /> Chosen
      </span>
    );
  }
  if (item.refused !== '') {
    return (
      <span className="muted">
        <CloseCircleOutlined aria-hidden="true" /> {humanize(item.refused)}
      </span>
    );
  }
  return <span className="muted nowrap">{differenceText(item.difference, unit)}</span>;
}

/** How a source compares with the winner. A cheaper line can lose because the order as a whole costs less elsewhere. */
function differenceText(difference: number | null, unit: string): string {
  if (difference === null) return 'Not chosen';
  if (Math.abs(difference) < 0.005) return 'Costs the same';
  const amount = formatCost(Math.abs(difference), unit);
  return difference > 0 ? `${amount} more` : `${amount} less, but not for the whole order`;
}
