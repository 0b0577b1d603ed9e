import { SafetyCertificateOutlined } from '@kit/icons';
import { type Health, listChain, getHealth, getShape } from '@client/inventory';
import { EmptyState, QueryContent } from '@kit/feedback';
import { CalendarDate, formatNumber, Timestamp } from '@kit/format';
import { DescriptionList, Page, Card } from '@kit/layout';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Badge, toneIcon } from '@kit/states';
import { humanize } from '@vocabulary';
import { TableHead } from '@kit/TableHead';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import './inventory.css';
import { StockDrawer } from './StockDrawer';
import { useStockDrawer } from './useStockDrawer';

const rowsWithStock = ['stock', 'measure_balance', 'reservation'];
const rowKindLabels: Record<string, string> = {
  stock: 'Stock row',
  measure_balance: 'Measure',
  reservation: 'Open reservations of stock row',
  ledger_entry: 'Ledger entry',
  ledger_block: 'Sealed block',
  ledger_day: 'Sealed day',
};

/** Results of reconciling stock with the ledger, and the sealed days. */
export default function StockHealthPage() {
  const health = useQuery({ queryKey: ['inventory', 'health'], queryFn: getHealth, refetchInterval: 10_000 });
  const displaySchema = useQuery({ queryKey: ['inventory', 'shape'], queryFn: getShape });
  const [stock, openStock] = useStockDrawer();
  return (
    <Page title="Stock health" description="Stock quantities are continuously reconciled with the ledger, and sealed days are verified.">
      <QueryContent query={health} rows={6}>
        {(data) => (
          <>
            <HealthSummary health={data} />
            {data.wrong.length > 0 && <DiscrepancyTable rows={data.wrong} onOpen={(id) => openStock({ id, system: '' })} />}
          </>
        )}
      </QueryContent>
      <SealedDaysCard />
      {stock && <StockDrawer key={stock.id} stock={stock} displaySchema={displaySchema.data} onClose={() => openStock(undefined)} />}
    </Page>
  );
}

function HealthSummary({ health }: { health: Health }) {
  const isConsistent = health.wrong.length === 0;
  const tone = isConsistent ? (health.checked_through === null ? 'progress' : 'done') : 'failed';
  const summary =
    tone === 'progress'
      ? 'First check in progress'
      : isConsistent
        ? 'All quantities match the ledger'
        : `${formatNumber(health.wrong.length)} ${health.wrong.length === 1 ? 'row does' : 'rows do'} not match the ledger`;
  return (
    <Card>
      <div className="stack">
        <p className="health" data-tone={tone} role="status">
          <span aria-hidden="true">{toneIcon(tone)}</span>
          {summary}
        </p>
        <DescriptionList
          columns={2}
          items={[
            ['All rows checked since', <Timestamp key="checked" at={health.checked_through} emptyText="Not complete" />],
            ['Current check started', <Timestamp key="began" at={health.round_began_at} emptyText="Not started; start a worker" />],
            ['Sealed through', health.sealed_through === null ? 'None yet' : <CalendarDate key="sealed" date={health.sealed_through} />],
            ['Seals verified', <Timestamp key="chain" at={health.chain_checked_through} emptyText="Not yet" />],
          ]}
        />
      </div>
    </Card>
  );
}

function DiscrepancyTable({ rows, onOpen }: { rows: Health['wrong']; onOpen: (stockId: number) => void }) {
  return (
    <Card title="Discrepancies" flush>
      <p className="wrong-says">
        Oldest first. Discrepancies are not corrected automatically: review the ledger entries and post a correction.
      </p>
      <HorizontalScroll label="Discrepancies">
        <table className="plain">
          <TableHead titles={['Row', 'Column', ['Actual'], ['Expected']]} />
          <tbody>
            {rows.map((row, index) => (
              <tr key={`${row.what} ${row.row_id} ${row.column}`}>
                <td>
                  <span className="row">
                    {rowsWithStock.includes(row.what) ? (
                      <button type="button" className="link-button strong" onClick={() => onOpen(row.row_id)}>
                        {rowKindLabels[row.what] ?? humanize(row.what)} {row.row_id}
                      </button>
                    ) : (
                      <span className="strong">
                        {rowKindLabels[row.what] ?? humanize(row.what)} {row.row_id}
                      </span>
                    )}
                    {index === 0 && <Badge tone="failed">First discrepancy</Badge>}
                  </span>
                </td>
                <td>{humanize(row.column)}</td>
                <td className="num figure clip-any">{row.actual}</td>
                <td className="num figure strong clip-any">{row.expected}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </HorizontalScroll>
    </Card>
  );
}

function SealedDaysCard() {
  const chain = useQuery({ queryKey: ['inventory', 'chain'], queryFn: listChain });
  return (
    <Card title="Sealed days" flush>
      <QueryContent query={chain} rows={4}>
        {(days) =>
          days.length === 0 ? (
            <EmptyState
              icon={<SafetyCertificateOutlined />}
              title="No sealed days yet"
              action={<Link to="/inventory">View inventory</Link>}
            >
              Each day is sealed after midnight UTC. Later changes to its entries are then detected.
            </EmptyState>
          ) : (
            <HorizontalScroll label="Sealed days">
              <table className="plain">
                <TableHead titles={['Day', ['Entries'], 'Hash', 'Sealed']} />
                <tbody>
                  {days.map((day) => (
                    <tr key={day.day}>
                      <td>
                        <CalendarDate date={day.day} />
                      </td>
                      <td className="num figure">{day.sealed_at === null ? '—' : formatNumber(day.entries)}</td>
                      <td>
                        {day.hash ? (
                          <code title={`${day.hash}, after ${day.previous_hash || 'nothing'}`}>{day.hash.slice(0, 24)}…</code>
                        ) : (
                          '—'
                        )}
                      </td>
                      <td className="muted">
                        <Timestamp at={day.sealed_at} format="date" emptyText="Being sealed" />
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
  );
}
