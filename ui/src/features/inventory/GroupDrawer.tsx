import { type GroupRow, listStockKeys, type Shape } from '@client/inventory';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { DescriptionList } from '@kit/layout';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { TableHead } from '@kit/TableHead';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Drawer, Skeleton } from 'antd';
import { describeDimensions } from './labels';

/** The stock records of one row of the grid. */
export function GroupDrawer({
  displaySchema,
  group,
  filters,
  onClose,
  onOpen,
}: {
  displaySchema: Shape;
  group: GroupRow;
  /** Filters applied to the grid. */
  filters: { organization: string | undefined; product: string | undefined; source: string | undefined };
  onClose: () => void;
  onOpen: (stockId: number) => void;
}) {
  const { product = filters.product, source = filters.source, ...dimensions } = group.values;
  const query = {
    organization: filters.organization,
    product,
    source,
    dimension: Object.entries(dimensions).map(([name, value]) => `${name}=${value}`),
  };
  const keys = useInfiniteQuery({
    queryKey: ['inventory', 'keys', query],
    queryFn: ({ pageParam }) => listStockKeys({ ...query, after: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const rows = keys.data?.pages.flatMap((page) => page.items) ?? [];
  const title = Object.values(group.values)
    .filter((value) => value !== '')
    .join(', ');
  return (
    <Drawer open onClose={onClose} size={640} title={title}>
      <DescriptionList
        columns={3}
        items={[
          ['On hand', formatNumber(group.on_hand)],
          ['Reserved', formatNumber(group.reserved)],
          ['Available', formatNumber(group.available)],
        ].map(([name, value]) => [
          String(name),
          <span key={name} className="figure strong">
            {value}
          </span>,
        ])}
      />
      <p className="muted drawer-note">{formatNumber(group.keys)} stock records. Select one to see its changes.</p>
      {keys.error && <ProblemNotice error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.isPending && <Skeleton active title={false} paragraph={{ rows: 5 }} />}
      {rows.length > 0 && (
        <HorizontalScroll label="Stock records">
          <table className="plain">
            <TableHead titles={['Stock record', ['On hand'], ['Reserved'], 'Last change']} />
            <tbody>
              {rows.map((row) => (
                <tr key={row.stock_id}>
                  <td>
                    <span className="two-line">
                      <button type="button" className="link-button strong" onClick={() => onOpen(row.stock_id)}>
                        {row.product} at {row.source || 'no source'}
                      </button>
                      <span className="muted">{describeDimensions(displaySchema, row.dimensions)}</span>
                    </span>
                  </td>
                  <td className="num figure">{formatNumber(row.on_hand)}</td>
                  <td className="num figure">{formatNumber(row.reserved)}</td>
                  <td className="muted">
                    <Timestamp at={row.updated_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </HorizontalScroll>
      )}
      {keys.hasNextPage && (
        <Button loading={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
          Load more
        </Button>
      )}
    </Drawer>
  );
}
