import { ImportOutlined, PlusOutlined } from '@kit/icons';
import { closeSupply, listSources, listSupplyLines, type SupplyLine } from '@client/inventory';
import { CalendarDate } from '@kit/format';
import { Page } from '@kit/layout';
import { figureColumn, type ListColumn, stockFilters, usePagedList, useUrlFilters, type Verb, WorkList } from '@kit/list';
import { Badge, humanize, StateTag, warningIcon } from '@kit/states';
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
  if (row.open > 0 && row.shipped > 0 && row.received === 0) return <StateTag state="shipped" label="On its way" tone="moving" />;
  if (row.open > 0)
    return row.received > 0 ? (
      <StateTag state="partly" label="Partly received" tone="moving" />
    ) : (
      <StateTag state="expected" label="Expected" tone="progress" />
    );
  return row.closed > 0 ? <StateTag state="closed" label="Closed short" /> : <StateTag state="done" label="Received" />;
}

const closeAction = (rows: SupplyLine[]): Verb => ({
  name: 'close',
  label: 'Expect no more of',
  danger: true,
  description: 'What has not come by now is expected no more, and leaves what can be promised. What was received stays.',
  run: () => closeSupply(rows),
});

/** Purchase and transfer orders as far as stock to come is concerned: what is expected when, and receiving it. */
export default function SupplyPage() {
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const [receivingLine, setReceivingLine] = useState<SupplyLine>();
  const [shippingLine, setShippingLine] = useState<SupplyLine>();
  const [adding, setAdding] = useState(false);
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const { product, source, all } = values;
  const query = useMemo(() => ({ product, source, open_only: all !== 'true' }), [product, source, all]);
  const list = usePagedList({ name: 'supply', query, fetch: listSupplyLines, rowId: rowId, isRelevant: (item) => isStockEvent(item.name) });
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
      lead="Lines of purchase and transfer orders by the day they are expected. They make what can be promised ahead, and become stock as they are received."
      actions={add}
    >
      <WorkList
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
        filters={[...stockFilters(sources.data), { key: 'all', label: 'Received ones too', kind: 'flag' }]}
        values={values}
        onChange={change}
        icon={<ImportOutlined />}
        empty={{
          title: 'Nothing is expected',
          description:
            'Purchase and transfer orders come from your ERP through the API, or are added here. With them, stock that is on its way can be promised.',
          action: add,
        }}
        noMatch={{ title: 'No line matches', description: `Nothing ${all === 'true' ? '' : 'open '}is known that fits the filters above.` }}
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
                  , leaves <CalendarDate date={row.ship_date} />
                </>
              )}
            </span>
          )}
        </span>
      ),
    },
    { id: 'state', title: 'State', cell: (row) => <SupplyStateTag row={row} /> },
    figureColumn('open', 'To come', (row) => row.open, true),
    figureColumn('received', 'Received', (row) => row.received),
    figureColumn('quantity', 'Ordered', (row) => row.quantity),
    {
      id: 'confidence',
      title: 'Sure',
      align: 'right',
      cell: (row) => <span className="figure">{Math.round(row.confidence * 100)} %</span>,
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
