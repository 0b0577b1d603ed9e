import { ExplainedButton } from '@kit/ExplainedButton';
import {
  type Balances,
  type ChainDay,
  type LedgerEntry,
  listChain,
  listLedger,
  getBalances,
  getStockKey,
  type Shape,
} from '@client/inventory';
import { useLive } from '@client/live';
import { LockOutlined, UnlockOutlined } from '@kit/icons';
import { QueryContent, ProblemNotice } from '@kit/feedback';
import { formatDateTime, CalendarDate, formatNumber, Timestamp } from '@kit/format';
import { DescriptionList } from '@kit/layout';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { actorLabel, humanize } from '@vocabulary';
import { TableHead } from '@kit/TableHead';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Drawer, Input, Select, Skeleton, Tooltip } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { describeDimensions, measureTitle, isStockEvent, systemTitle } from './labels';
import type { OpenStock } from './useStockDrawer';

/** A stock record: its balances now or in the past, and its ledger entries. */
export function StockDrawer({
  stock,
  displaySchema,
  onClose,
}: {
  stock: OpenStock;
  displaySchema: Shape | undefined;
  onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const [asOfInput, setAsOfInput] = useState('');
  const [system, setSystem] = useState(stock.system);
  const asOf = asOfInput === '' ? undefined : new Date(asOfInput).toISOString();
  const key = useQuery({ queryKey: ['inventory', 'key', stock.id], queryFn: () => getStockKey(stock.id) });
  const balances = useQuery({
    queryKey: ['inventory', 'balances', stock.id, asOf],
    queryFn: () => getBalances(stock.id, asOf),
    placeholderData: (before) => before,
  });
  useLive((changes) => {
    if (asOf === undefined && changes.some((change) => isStockEvent(change.name)))
      void queryClient.invalidateQueries({ queryKey: ['inventory', 'balances', stock.id] });
  });
  const title = key.data ? `${key.data.product} at ${key.data.source || 'no source'}` : 'Stock';
  return (
    <Drawer open onClose={onClose} size={760} title={title}>
      <div className="stack">
        {key.data && Object.keys(key.data.dimensions).length > 0 && <p>{describeDimensions(displaySchema, key.data.dimensions)}</p>}
        {key.error && <ProblemNotice compact error={key.error} onRetry={() => void key.refetch()} />}
        <div className="as-of">
          <label>
            As of
            <Input type="datetime-local" value={asOfInput} onChange={(event) => setAsOfInput(event.target.value)} />
          </label>
          <ExplainedButton
            allowed={asOfInput !== ''}
            disabledReason="The stock of now is shown; enter an earlier date and time to see the past"
            onClick={() => setAsOfInput('')}
          >
            Now
          </ExplainedButton>
          {key.data && (
            <Link to={`/inventory/promise?product=${encodeURIComponent(key.data.product)}&source=${encodeURIComponent(key.data.source)}`}>
              View availability
            </Link>
          )}
          <Link
            to={`/inventory/reservations?product=${encodeURIComponent(key.data?.product ?? '')}&source=${encodeURIComponent(key.data?.source ?? '')}`}
          >
            View reservations
          </Link>
        </div>
        <QueryContent query={balances} rows={3}>
          {(data) => <BalanceFigures balances={data} displaySchema={displaySchema} asOf={asOf} system={system} onSystem={setSystem} />}
        </QueryContent>
        <LedgerEntries
          key={`${asOf ?? ''} ${system}`}
          stockId={stock.id}
          displaySchema={displaySchema}
          asOf={asOf}
          system={system}
          onSystem={setSystem}
        />
      </div>
    </Drawer>
  );
}

function BalanceFigures({
  balances,
  displaySchema,
  asOf,
  system,
  onSystem,
}: {
  balances: Balances;
  displaySchema: Shape | undefined;
  asOf: string | undefined;
  system: string;
  onSystem: (system: string) => void;
}) {
  const renderFigure = (value: number) => <span className="figure strong">{formatNumber(value)}</span>;
  return (
    <>
      {asOf !== undefined && (
        <p className="muted" role="status">
          Quantities on {formatDateTime(asOf)}, calculated from the ledger.
        </p>
      )}
      <DescriptionList
        columns={3}
        items={[
          ['On hand', renderFigure(balances.on_hand)],
          ['Reserved', renderFigure(balances.reserved)],
          ['Available', renderFigure(balances.on_hand - balances.reserved)],
          ['Oversold', balances.overdraft > 0 && renderFigure(balances.overdraft)],
        ]}
      />
      {balances.measures.length > 0 && (
        <ul className="measures" aria-label="Measures">
          {balances.measures.map((measure) => (
            <li key={`${measure.data_source}.${measure.measure}`}>
              <button
                type="button"
                aria-pressed={measure.data_source === system}
                title={`Entries of ${systemTitle(displaySchema, measure.data_source)}`}
                onClick={() => onSystem(measure.data_source === system ? '' : measure.data_source)}
              >
                <span className="muted">
                  {systemTitle(displaySchema, measure.data_source)} {measureTitle(displaySchema, measure.data_source, measure.measure)}
                </span>
                <span className="figure strong">{formatNumber(measure.quantity)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function LedgerEntries({
  stockId,
  displaySchema,
  asOf,
  system,
  onSystem,
}: {
  stockId: number;
  displaySchema: Shape | undefined;
  asOf: string | undefined;
  system: string;
  onSystem: (system: string) => void;
}) {
  const ledger = useInfiniteQuery({
    queryKey: ['inventory', 'ledger', stockId, asOf, system],
    queryFn: ({ pageParam }) => listLedger(stockId, { as_of: asOf, data_source: system, after: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const chain = useQuery({ queryKey: ['inventory', 'chain'], queryFn: listChain });
  const entries = ledger.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="stack" style={{ gap: 8 }}>
      <div className="row between">
        <h3 className="entries-title">Entries</h3>
        <Select
          aria-label="Source system"
          value={system}
          style={{ minWidth: 170 }}
          options={[
            { value: '', label: 'All source systems' },
            ...(displaySchema?.systems ?? []).map((item) => ({ value: item.name, label: item.title })),
          ]}
          onChange={onSystem}
        />
      </div>
      {ledger.error && <ProblemNotice error={ledger.error} onRetry={() => void ledger.refetch()} />}
      {ledger.isPending && <Skeleton active title={false} paragraph={{ rows: 6 }} />}
      {ledger.data && entries.length === 0 && (
        <p className="muted">
          {asOf === undefined && system === '' ? 'No changes yet.' : 'No entries match. Choose another date or all source systems.'}
        </p>
      )}
      {entries.length > 0 && (
        <HorizontalScroll label="Entries" className="bleed-drawer">
          <table className="plain">
            <TableHead titles={['When', 'Measure', ['Change'], ['After'], 'Cause', 'Sealed']} />
            <tbody>
              {entries.map((entry) => (
                <LedgerRow key={entry.id} entry={entry} displaySchema={displaySchema} chain={chain.data ?? []} />
              ))}
            </tbody>
          </table>
        </HorizontalScroll>
      )}
      {ledger.hasNextPage && (
        <Button loading={ledger.isFetchingNextPage} onClick={() => void ledger.fetchNextPage()}>
          Load older entries
        </Button>
      )}
    </section>
  );
}

/** Whether the entry belongs to a reservation. */
const isReservation = (entry: LedgerEntry): boolean =>
  entry.document !== '' && (isUuid(entry.document) || (entry.data_source === 'iv' && entry.measure === 'softreservordered'));
const isUuid = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(text);

function LedgerRow({ entry, displaySchema, chain }: { entry: LedgerEntry; displaySchema: Shape | undefined; chain: ChainDay[] }) {
  return (
    <tr>
      <td className="muted">
        <Timestamp at={entry.recorded_at} />
      </td>
      <td>
        <span className="two-line">
          <span>{measureTitle(displaySchema, entry.data_source, entry.measure)}</span>
          <span className="muted">{systemTitle(displaySchema, entry.data_source) || 'Internal'}</span>
        </span>
      </td>
      <td className="num figure strong">
        {entry.delta > 0 ? '+' : '−'}
        {formatNumber(Math.abs(entry.delta))}
      </td>
      <td className="num figure">{formatNumber(entry.balance_after)}</td>
      <td>
        <span className="two-line wrap">
          <span>
            {humanize(entry.cause)}
            {entry.document !== '' && !isReservation(entry) && <>, {entry.document}</>}
            {isReservation(entry) && (
              <>
                ,{' '}
                <Link to={`/inventory/reservations?state=all&search=${encodeURIComponent(entry.document)}`}>
                  {isUuid(entry.document) ? 'order line' : entry.document}
                </Link>
              </>
            )}
          </span>
          <span className="muted">by {actorLabel(entry.actor)}</span>
        </span>
      </td>
      <td>
        <SealStatus id={entry.id} chain={chain} />
      </td>
    </tr>
  );
}

/** Whether an entry is part of a sealed day. */
function SealStatus({ id, chain }: { id: number; chain: ChainDay[] }) {
  const sealed = chain.filter((day) => day.sealed_at !== null);
  const newestDay = sealed[0];
  if (newestDay === undefined || id > newestDay.last_id) {
    return (
      <Tooltip title="Days are sealed after midnight UTC">
        <span className="seal muted">
          <UnlockOutlined /> Not yet
        </span>
      </Tooltip>
    );
  }
  const day = sealed.find((item) => item.first_id <= id && id <= item.last_id);
  return (
    <Tooltip title={day ? `Sealed with this day's hash ${day.hash.slice(0, 16)}…` : 'Sealed'}>
      <span className="seal">
        <LockOutlined /> {day ? <CalendarDate date={day.day} /> : 'Sealed'}
      </span>
    </Tooltip>
  );
}
