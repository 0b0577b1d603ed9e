import { ImportOutlined, PlusOutlined } from '@kit/icons';
import { closeSupply, listSources, listSupplyLines, type SupplyLine } from '@client/inventory';
import { CalendarDate } from '@kit/format';
import { Page } from '@kit/layout';
import { numberColumn, type ListColumn, stockFilters, usePagedList, useUrlFilters, type BulkAction, ActionableList } from '@kit/list';
import { Badge, StateTag, warningIcon } from '@kit/states';
import { humanize } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import './inventory.css';
import { isStockEvent } from './labels';
import { AddSupplyDialog, ReceiveSupplyDialog, ShipSupplyDialog } from './SupplyDialogs';

const keys = ['product', 'source', 'all'] as const;
const noun = ['line', 'lines'] as const;
const rowId = (row: SupplyLine): string => row.id;
const rowName = (row: SupplyLine): string => `${humanize(row.kind)} ${row.number}, line ${row.line_number}`;

function ExpectedDate({ row }: { row: SupplyLine }) {
  const [today] = useState(() => new Date().toISOString().slice(0, 10));
  if (row.open > 0 && row.expected_date < today)
    return (
      <Badge tone="attention" icon={warningIcon}>
        <CalendarDate date={row.expected_date} /> — overdue
      </Badge>
    );
  return <CalendarDate date={row.expected_date} />;
}

function SupplyStateTag({ row }: { row: SupplyLine }) {
  if (row.open > 0 && row.shipped > 0 && row.received === 0) return <StateTag state="shipped" label="In transit" tone="moving" />;
  if (row.open > 0)
    return row.received > 0 ? (
      <StateTag state="partly" label="Partly received" tone="moving" />
    ) : (
      <StateTag state="expected" label="Expected" tone="progress" />
    );
  return row.closed > 0 ? <StateTag state="closed" label="Closed short" /> : <StateTag state="done" label="Received" />;
}

const closeAction = (rows: SupplyLine[]): BulkAction => ({
  name: 'close',
  label: 'Close',
  danger: true,
  description: 'Quantities not yet received are no longer expected. Received quantities do not change.',
  run: () => closeSupply(rows),
});

/** Lines of purchase and transfer orders by expected date, and receiving them. */
export default function SupplyPage() {
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const [receivingLine, setReceivingLine] = useState<SupplyLine>();
  const [shippingLine, setShippingLine] = useState<SupplyLine>();
  const [adding, setAdding] = useState(false);
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const { product, source, all } = values;
  const query = useMemo(() => ({ product, source, open_only: all !== 'true' }), [product, source, all]);
  const list = usePagedList({ name: 'supply', query, fetch: listSupplyLines, rowId, isRelevant: (item) => isStockEvent(item.name) });
  const refresh = (): void => {
    list.reload();
    for (const key of ['promise', 'inventory', 'inventory-grid']) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  const columns = useMemo((): ListColumn<SupplyLine>[] => supplyColumns(setReceivingLine, setShippingLine), []);
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
      Add supply order
    </Button>
  );
  return (
    <Page
      title="Supply orders"
      description="Lines of purchase and transfer orders by expected date. Received quantities become stock."
      actions={add}
    >
      <ActionableList
        label="Supply orders"
        list={list}
        columns={columns}
        rowId={rowId}
        rowName={rowName}
        noun={noun}
        pagerLabels={['Earlier', 'Later']}
        actions={(rows) => [closeAction(rows)]}
        isSelectable={(row) => row.open > 0}
        onDone={refresh}
        filters={[...stockFilters(sources.data), { key: 'all', label: 'Include received', kind: 'flag' }]}
        values={values}
        onChange={change}
        icon={<ImportOutlined />}
        empty={{
          title: 'No supply orders',
          description: 'Import purchase and transfer orders from your ERP, or add them here, to promise incoming stock.',
          action: add,
        }}
        noMatch={{ title: 'No matching lines', description: 'No lines match these filters.' }}
      />
      {receivingLine && <ReceiveSupplyDialog line={receivingLine} onClose={() => setReceivingLine(undefined)} onDone={refresh} />}
      {shippingLine && <ShipSupplyDialog line={shippingLine} onClose={() => setShippingLine(undefined)} onDone={refresh} />}
      {adding && <AddSupplyDialog onClose={() => setAdding(false)} onDone={refresh} />}
    </Page>
  );
}

function supplyColumns(receive: (row: SupplyLine) => void, ship: (row: SupplyLine) => void): ListColumn<SupplyLine>[] {
  return [
    { id: 'expected', title: 'Expected', cell: (row) => <ExpectedDate row={row} /> },
    {
      id: 'number',
      title: 'Order',
      cell: (row) => (
        <span className="two-line">
          <span className="strong">{row.number}</span>
          <span className="muted">
            {humanize(row.kind)}, line {row.line_number}
          </span>
        </span>
      ),
    },
    {
      id: 'product',
      title: 'Product',
      cell: (row) => (
        <Link to={`/inventory/promise?product=${encodeURIComponent(row.product)}&source=${encodeURIComponent(row.source)}`}>
          {row.product}
        </Link>
      ),
    },
    {
      id: 'source',
      title: 'To',
      cell: (row) => (
        <span className="two-line">
          <span>{row.source}</span>
          {row.origin !== '' && (
            <span className="muted">
              from {row.origin}
              {row.to_ship > 0 && (
                <>
                  , ships <CalendarDate date={row.ship_date} />
                </>
              )}
            </span>
          )}
        </span>
      ),
    },
    { id: 'state', title: 'State', cell: (row) => <SupplyStateTag row={row} /> },
    numberColumn('open', 'Open', (row) => row.open, true),
    numberColumn('received', 'Received', (row) => row.received),
    numberColumn('quantity', 'Ordered', (row) => row.quantity),
    {
      id: 'confidence',
      title: 'Confidence',
      align: 'right',
      cell: (row) => <span className="figure">{Math.round(row.confidence * 100)}%</span>,
    },
    {
      id: 'acts',
      title: '',
      align: 'right',
      cell: (row) =>
        row.open > 0 && (
          <span className="row-acts">
            {row.to_ship > 0 && (
              <Button size="small" aria-label={`Ship ${rowName(row)}`} onClick={() => ship(row)}>
                Ship
              </Button>
            )}
            <Button size="small" aria-label={`Receive ${rowName(row)}`} onClick={() => receive(row)}>
              Receive
            </Button>
          </span>
        ),
    },
  ];
}
