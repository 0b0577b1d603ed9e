import { DatabaseOutlined } from '@kit/icons';
import { listSources, listStock, type StockRow } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { whole, When } from '@kit/figures';
import { Page } from '@kit/layout';
import { ExportButton, FilterBar, type ListColumn, ListView, useColumns, usePagedList, useUrlFilters } from '@kit/list';
import { Badge } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { LedgerDrawer } from './LedgerDrawer';

const keys = ['search', 'source', 'product', 'short'] as const;
const idOf = (row: StockRow): string => String(row.id);

function columnsWith(open: (row: StockRow) => void): readonly ListColumn<StockRow>[] {
  const figure = (value: number) => <span className="figure">{whole(value)}</span>;
  return [
    {
      key: 'product',
      title: 'Product',
      fixed: true,
      text: (row) => row.product,
      render: (row) => (
        <button type="button" className="link-button strong" onClick={() => open(row)}>
          {row.product}
        </button>
      ),
    },
    { key: 'name', title: 'Name', text: (row) => row.product_name, render: (row) => row.product_name },
    { key: 'source', title: 'Source', fixed: true, text: (row) => row.source, render: (row) => row.source },
    { key: 'on_hand', title: 'On hand', align: 'right', text: (row) => row.on_hand, render: (row) => figure(row.on_hand) },
    { key: 'reserved', title: 'Reserved', align: 'right', text: (row) => row.reserved, render: (row) => figure(row.reserved) },
    {
      key: 'available',
      title: 'Available',
      align: 'right',
      text: (row) => row.available,
      render: (row) =>
        row.available > 0 ? (
          <span className="figure strong">{whole(row.available)}</span>
        ) : (
          <Badge tone="failed">{whole(row.available)} — short</Badge>
        ),
    },
    { key: 'updated', title: 'Last change', text: (row) => row.updated_at, render: (row) => <When at={row.updated_at} /> },
  ];
}

export default function InventoryPage() {
  const [values, change] = useUrlFilters(keys);
  const [open, setOpen] = useState<StockRow>();
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const all = useMemo(() => columnsWith(setOpen), []);
  const { shown, chooser } = useColumns('inventory', all);
  const query = useMemo(() => ({ ...values, short: values.short === 'true' ? true : undefined }), [values]);
  const list = usePagedList({
    name: 'inventory',
    query,
    fetch: listStock,
    idOf,
    concerns: (one) => /fulfillment|onhand|shipped|shipment|cancel|stock|inventory/.test(one.name),
  });
  const filtered = Object.keys(values).length > 0;
  return (
    <Page
      title="Inventory visibility"
      lead="What every source has, what is promised, and what may still be sold. Each number opens to the changes behind it."
    >
      <ListView
        label="Inventory"
        list={list}
        columns={shown}
        idOf={idOf}
        onOpen={setOpen}
        toolbar={
          <FilterBar
            search="Product number or name"
            filters={[
              {
                key: 'source',
                label: 'Source',
                kind: 'choice',
                options: (sources.data ?? []).map((one) => ({ value: one.name, label: one.title || one.name })),
              },
              { key: 'product', label: 'Product', kind: 'text' },
              { key: 'short', label: 'Short only', kind: 'flag' },
            ]}
            values={values}
            onChange={change}
            extra={
              <>
                {chooser}
                <ExportButton name="inventory" columns={shown} fetch={(page, signal) => listStock({ ...query, ...page }, signal)} />
              </>
            }
          />
        }
        empty={
          filtered ? (
            <EmptyState
              icon={<DatabaseOutlined />}
              title="No stock matches"
              action={
                <Button onClick={() => change({ search: undefined, source: undefined, product: undefined, short: undefined })}>
                  Clear filters
                </Button>
              }
            >
              {values.short ? 'No product is short where you looked.' : 'Nothing here fits all of the filters above.'}
            </EmptyState>
          ) : (
            <EmptyState
              icon={<DatabaseOutlined />}
              title="No stock known yet"
              action={<Link to="/providers">See installed providers</Link>}
            >
              Stock arrives from a warehouse provider, from a count, or through the API. Until then nothing can be reserved.
            </EmptyState>
          )
        }
      />
      {open && <LedgerDrawer stock={open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}
