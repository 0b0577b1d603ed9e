import { ExplainedButton } from '@kit/ExplainedButton';
import { PieChartOutlined, PlusOutlined } from '@kit/icons';
import {
  type AllocationRow,
  listAllocations,
  listAllocationMoves,
  listPools,
  listSources,
  type Pool,
  getShape,
  type Shape,
} from '@client/inventory';
import { useLive } from '@client/live';
import { QueryContent } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { DescriptionList, Page, Card } from '@kit/layout';
import { numberColumn, type ListColumn, stockFilters, usePagedList, useUrlFilters, ActionableList } from '@kit/list';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { actorLabel, humanize } from '@vocabulary';
import { TableHead } from '@kit/TableHead';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Drawer } from 'antd';
import { useMemo, useState } from 'react';
import { AllocationDialog, type AllocationKind, splitCamelCase } from './AllocationDialog';
import './inventory.css';
import { describeDimensions, isStockEvent } from './labels';

const keys = ['product', 'source'] as const;
const rowId = (row: AllocationRow): string => String(row.id);
interface DialogState {
  kind: AllocationKind;
  row?: AllocationRow;
}

/** Allocations to channels and customer groups. */
export default function AllocationsPage() {
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const [dialog, setDialog] = useState<DialogState>();
  const [open, setOpen] = useState<AllocationRow>();
  const displaySchema = useQuery({ queryKey: ['inventory', 'shape'], queryFn: getShape });
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const { product, source } = values;
  const query = useMemo(() => ({ product, source }), [product, source]);
  const pools = useQuery({ queryKey: ['allocation-pools', query], queryFn: () => listPools(query) });
  const isRelevantEvent = (name: string): boolean => isStockEvent(name) || name.startsWith('order.');
  const list = usePagedList({
    name: 'allocations',
    query,
    fetch: listAllocations,
    rowId,
    isRelevant: (item) => isRelevantEvent(item.name),
  });
  useLive((changes) => {
    if (changes.some((entry) => isRelevantEvent(entry.name))) void queryClient.invalidateQueries({ queryKey: ['allocation-pools'] });
  });
  const columns = useMemo(() => allocationColumns(displaySchema.data, setOpen, setDialog), [displaySchema.data]);
  const refresh = (): void => {
    list.reload();
    for (const key of ['allocation-pools', 'inventory', 'inventory-grid']) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  const allocate = (
    <ExplainedButton
      type="primary"
      icon={<PlusOutlined />}
      allowed={displaySchema.data !== undefined}
      disabledReason={displaySchema.isError ? 'The inventory configuration could not be loaded' : 'The inventory configuration is loading'}
      onClick={() => setDialog({ kind: 'allocate' })}
    >
      Allocate
    </ExplainedButton>
  );
  return (
    <Page
      title="Allocations"
      description="Stock allocated to a channel or customer group. Orders consume their own allocation first."
      actions={allocate}
    >
      {(pools.data === undefined || pools.data.length > 0) && (
        <Card title="Pools" flush>
          <QueryContent query={pools} rows={3}>
            {(data) => <Pools pools={data} displaySchema={displaySchema.data} />}
          </QueryContent>
        </Card>
      )}
      <ActionableList
        label="Allocations"
        list={list}
        columns={columns}
        rowId={rowId}
        rowName={(row) => `${row.product} at ${row.source} for ${row.groups.join(' › ')}`}
        noun={['allocation', 'allocations']}
        pagerLabels={['Previous', 'Next']}
        onOpen={setOpen}
        filters={stockFilters(sources.data)}
        values={values}
        onChange={change}
        icon={<PieChartOutlined />}
        empty={{
          title: 'No allocations',
          description: 'All stock is in the common pool. Allocate stock to a channel or customer group to set it aside for their orders.',
          action: allocate,
        }}
        noMatch={{ title: 'No matching allocations', description: 'No stock of this product or source is allocated.' }}
      />
      {dialog && displaySchema.data && (
        <AllocationDialog
          kind={dialog.kind}
          row={dialog.row}
          shape={displaySchema.data}
          onClose={() => setDialog(undefined)}
          onDone={refresh}
        />
      )}
      {open && <AllocationDrawer row={open} displaySchema={displaySchema.data} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function allocationColumns(
  displaySchema: Shape | undefined,
  open: (row: AllocationRow) => void,
  openDialog: (dialog: DialogState) => void,
): readonly ListColumn<AllocationRow>[] {
  return [
    {
      id: 'groups',
      title: 'Allocated to',
      cell: (row) => (
        <button type="button" className="link-button strong" onClick={() => open(row)}>
          {row.groups.join(' › ')}
        </button>
      ),
    },
    {
      id: 'product',
      title: 'Product',
      cell: (row) => (
        <span className="two-line">
          <span>{row.product}</span>
          {Object.keys(row.dimensions).length > 0 && <span className="muted">{describeDimensions(displaySchema, row.dimensions)}</span>}
        </span>
      ),
    },
    { id: 'source', title: 'Source', cell: (row) => row.source },
    numberColumn('allocated', 'Allocated', (row) => row.allocated, true),
    numberColumn('consumed', 'Consumed', (row) => row.consumed),
    numberColumn('cumulative_allocated', 'Total allocated', (row) => row.cumulative_allocated),
    {
      id: 'acts',
      title: '',
      align: 'right',
      cell: (row) =>
        row.allocated > 0 && (
          <span className="row-acts">
            <Button size="small" onClick={() => openDialog({ kind: 'reallocate', row })}>
              Move
            </Button>
            <Button size="small" onClick={() => openDialog({ kind: 'unallocate', row })}>
              Release
            </Button>
          </span>
        ),
    },
  ];
}

/** Allocated and consumed quantities by group; bar lengths are relative to the largest pool. */
function Pools({ pools, displaySchema }: { pools: Pool[]; displaySchema: Shape | undefined }) {
  const all = Math.max(1, ...pools.map((pool) => pool.allocated + pool.consumed));
  const depth = Math.max(1, ...pools.map((pool) => pool.groups.length));
  const levels = Array.from({ length: depth }, (_, index) =>
    humanize(splitCamelCase(displaySchema?.allocation_groups[index] ?? `group ${index + 1}`)),
  );
  return (
    <HorizontalScroll label="Pools">
      <table className="plain pools">
        <TableHead titles={[...levels, 'Allocated and consumed', ['Allocated'], ['Consumed'], ['Stock records']]} />
        <tbody>
          {pools.map((pool, index) => (
            <tr key={pool.groups.join(' ')}>
              {levels.map((level, at) => (
                <td key={level} className={at === 0 ? 'strong' : undefined}>
                  {groupCell(pools, index, at)}
                </td>
              ))}
              <td className="pool-bar-cell">
                <span className="pool-bar" aria-hidden="true">
                  <i className="kept" style={{ width: `${(100 * pool.allocated) / all}%` }} />
                  <i className="used" style={{ width: `${(100 * pool.consumed) / all}%` }} />
                </span>
              </td>
              <td className="num figure strong">{formatNumber(pool.allocated)}</td>
              <td className="num figure">{formatNumber(pool.consumed)}</td>
              <td className="num figure">{formatNumber(pool.keys)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </HorizontalScroll>
  );
}

/** A group name, muted when the row above has the same one. */
function groupCell(pools: Pool[], index: number, at: number) {
  const value = pools[index]?.groups[at];
  if (value === undefined) return <span className="muted">All</span>;
  const before = pools[index - 1]?.groups;
  const isRepeated = before !== undefined && pools[index]?.groups.slice(0, at + 1).every((group, place) => before[place] === group);
  return isRepeated ? <span className="muted">{value}</span> : value;
}

function AllocationDrawer({ row, displaySchema, onClose }: { row: AllocationRow; displaySchema: Shape | undefined; onClose: () => void }) {
  const moves = useQuery({ queryKey: ['inventory', 'moves', row.id], queryFn: () => listAllocationMoves(row.id) });
  const signed = (value: number): string => (value === 0 ? '' : `${value > 0 ? '+' : '−'}${formatNumber(Math.abs(value))}`);
  return (
    <Drawer open onClose={onClose} size={620} title={row.groups.join(' › ')}>
      <div className="stack">
        <DescriptionList
          columns={3}
          items={[
            ['Product', row.product],
            ['Source', row.source],
            ['Dimensions', describeDimensions(displaySchema, row.dimensions)],
            ['Allocated', formatNumber(row.allocated)],
            ['Consumed', formatNumber(row.consumed)],
            ['Total allocated', formatNumber(row.cumulative_allocated)],
          ]}
        />
        <QueryContent query={moves} rows={5}>
          {(data) => (
            <HorizontalScroll label="Moves" className="bleed-drawer">
              <table className="plain">
                <TableHead titles={['When', 'Action', ['Allocated'], ['Consumed'], 'Document']} />
                <tbody>
                  {data.map((move) => (
                    <tr key={move.id}>
                      <td className="muted">
                        <Timestamp at={move.recorded_at} />
                      </td>
                      <td>{humanize(move.operation)}</td>
                      <td className="num figure strong">{signed(move.allocated)}</td>
                      <td className="num figure">{signed(move.consumed)}</td>
                      <td>
                        <span className="two-line wrap">
                          <span>{move.document.startsWith('by-hand-') ? 'Manual' : move.document}</span>
                          <span className="muted">by {actorLabel(move.actor)}</span>
                        </span>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </HorizontalScroll>
          )}
        </QueryContent>
      </div>
    </Drawer>
  );
}
