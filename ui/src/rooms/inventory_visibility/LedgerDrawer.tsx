import { listLedger, type StockRow } from '@client/inventory';
import { ProblemNotice } from '@kit/feedback';
import { whole, When } from '@kit/figures';
import { ScrollX } from '@kit/ScrollX';
import { Facts } from '@kit/layout';
import { inWords } from '@kit/states';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Drawer, Skeleton } from 'antd';

/** Every change of one product at one source, newest first, with what caused it. */
export function LedgerDrawer({ stock, onClose }: { stock: StockRow; onClose: () => void }) {
  const ledger = useInfiniteQuery({
    queryKey: ['inventory', 'ledger', stock.id],
    queryFn: ({ pageParam }) => listLedger(stock.id, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const entries = ledger.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Drawer open onClose={onClose} size={640} title={`${stock.product} at ${stock.source}`}>
      <Facts
        columns={3}
        items={[
          [
            'On hand',
            <span key="on" className="figure strong">
              {whole(stock.on_hand)}
            </span>,
          ],
          [
            'Reserved',
            <span key="re" className="figure strong">
              {whole(stock.reserved)}
            </span>,
          ],
          [
            'Available',
            <span key="av" className="figure strong">
              {whole(stock.available)}
            </span>,
          ],
        ]}
      />
      <ScrollX label="Changes">
        {ledger.error && <ProblemNotice error={ledger.error} onRetry={() => void ledger.refetch()} />}
        {ledger.isPending && <Skeleton active title={false} paragraph={{ rows: 6 }} />}
        {ledger.data && entries.length === 0 && (
          <p className="muted" style={{ padding: '0 var(--pad)' }}>
            Nothing has changed this balance yet.
          </p>
        )}
        {entries.length > 0 && (
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col" className="num">
                  Change
                </th>
                <th scope="col" className="num">
                  After
                </th>
                <th scope="col">Cause</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr key={entry.id}>
                  <td className="muted">
                    <When at={entry.at} />
                  </td>
                  <td>{inWords(entry.measure)}</td>
                  <td className="num figure strong">
                    {entry.delta > 0 ? '+' : '−'}
                    {whole(Math.abs(entry.delta))}
                  </td>
                  <td className="num figure">{whole(entry.balance_after)}</td>
                  <td>
                    <span className="two-line">
                      <span>
                        {inWords(entry.cause)}
                        {entry.document && <>, {entry.document}</>}
                      </span>
                      <span className="muted">by {entry.actor}</span>
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </ScrollX>
      {ledger.hasNextPage && (
        <Button loading={ledger.isFetchingNextPage} onClick={() => void ledger.fetchNextPage()}>
          Older changes
        </Button>
      )}
    </Drawer>
  );
}
