import { DatabaseOutlined } from '@kit/icons';
import { type GroupRow, listGroups, listSources, getShape, type Shape } from '@client/inventory';
import { EmptyState, QueryContent } from '@kit/feedback';
import { Page } from '@kit/layout';
import { ExportButton, type Filter, FilterBar, ListView, useColumns, usePagedList, useUrlFilters } from '@kit/list';
import { useQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { gridColumns, groupTitle, type OpenFigure, withValues } from './inventoryColumns';
import { GroupDrawer } from './GroupDrawer';
import './inventory.css';
import { movesStock } from './labels';
import { StockDrawer } from './StockDrawer';
import { useStockDrawer } from './useStockDrawer';

const plainKeys = ['search', 'source', 'product', 'short', 'organization', 'by'] as const;
const everyday = 'product,source';

/** What every source has, by whatever it is grouped by, with the figures of all source systems side by side. */
export default function InventoryPage() {
  const shape = useQuery({ queryKey: ['inventory', 'shape'], queryFn: getShape });
  return (
    <Page
      title="Inventory visibility"
      lead="What every source has, what is promised, and what may still be sold. Each number opens to the changes behind it."
    >
      <QueryContent answer={shape} rows={10}>
        {(found) => <Grid shape={found} />}
      </QueryContent>
    </Page>
  );
}

function useGridFilters(shape: Shape): Filter[] {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const others = shape.organizations.filter((organization) => organization !== '');
  return [
    {
      key: 'source',
      label: 'Source',
      kind: 'choice',
      options: (sources.data ?? []).map((source) => ({ value: source.name, label: source.title || source.name })),
    },
    { key: 'product', label: 'Product', kind: 'text' },
    { key: 'short', label: 'Short only', kind: 'flag' },
    ...shape.dimensions.map((dimension): Filter => ({ key: dimension.name, label: dimension.title, kind: 'text' })),
    ...(others.length > 0
      ? [
          {
            key: 'organization',
            label: 'Organization',
            kind: 'choice' as const,
            options: others.map((other) => ({ value: other, label: other })),
          },
        ]
      : []),
  ];
}

function GroupBy({ shape, by, onChange }: { shape: Shape; by: string[]; onChange: (by: string[]) => void }) {
  const names = ['product', 'source', ...shape.dimensions.map((dimension) => dimension.name)];
  return (
    <label className="group-by">
      <span>Group by</span>
      <Select
        mode="multiple"
        aria-label="Group by"
        value={by}
        maxCount={6}
        showSearch={false}
        options={names.map((name) => ({ value: name, label: groupTitle(shape, name) }))}
        onChange={(next: string[]) => onChange(next)}
      />
    </label>
  );
}

function Grid({ shape }: { shape: Shape }) {
  const dimensionNames = shape.dimensions.map((dimension) => dimension.name);
  const [values, change] = useUrlFilters<string>([...plainKeys, ...dimensionNames]);
  const filters = useGridFilters(shape);
  const [stock, openStock] = useStockDrawer();
  const [group, setGroup] = useState<GroupRow>();
  const by = (values.by ?? everyday).split(',').filter((name) => name !== '');
  const shown = JSON.stringify([by, values]);

  const open: OpenFigure = (row, system) => {
    if (row.stock_id !== null) openStock({ id: row.stock_id, system });
    else if (by.includes('product') || values.product) setGroup(row);
    else change({ ...row.values, by: ['product', ...by].join(',') });
  };
  const all = gridColumns(shape, by, open);
  const { visibleColumns: visibleColumns, chooser } = useColumns('inventory-grid', all);
  const query = useMemo(() => {
    const [names, given] = JSON.parse(shown) as [string[], Record<string, string>];
    return {
      group_by: names.join(','),
      search: given.search,
      source: given.source,
      product: given.product,
      organization: given.organization,
      short: given.short === 'true' ? true : undefined,
      dimension: dimensionNames.filter((name) => given[name] !== undefined).map((name) => `${name}=${given[name] ?? ''}`),
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `shown` is what of names and values matters
  }, [shown]);
  const list = usePagedList({
    name: 'inventory-grid',
    query,
    fetch: listGroups,
    rowId: (row) => JSON.stringify(row.values),
    isRelevant: (item) => movesStock(item.name),
  });
  const columns = withValues(visibleColumns, list.rows);
  const narrowed = Object.keys(values).some((key) => key !== 'by');
  const clear = (): void => change(Object.fromEntries([...plainKeys, ...dimensionNames].map((key) => [key, undefined])));
  return (
    <>
      <ListView
        label="Inventory"
        list={list}
        columns={columns}
        rowId={(row) => JSON.stringify(row.values)}
        onOpen={(row) => open(row, '')}
        pagerLabels={['Previous', 'Next']}
        noun={['row', 'rows']}
        toolbar={
          <FilterBar
            search="Product number or name"
            filters={filters}
            values={values}
            onChange={change}
            extra={
              <>
                <GroupBy
                  shape={shape}
                  by={by}
                  onChange={(next) => next.length > 0 && change({ by: next.join(',') === everyday ? undefined : next.join(',') })}
                />
                {chooser}
                <ExportButton name="inventory" columns={columns} fetch={(page, signal) => listGroups({ ...query, ...page }, signal)} />
              </>
            }
          />
        }
        empty={
          narrowed ? (
            <EmptyState icon={<DatabaseOutlined />} title="No stock matches" action={<Button onClick={clear}>Clear filters</Button>}>
              {values.short ? 'No product is short where you looked.' : 'Nothing here fits all of the filters above.'}
            </EmptyState>
          ) : (
            <EmptyState
              icon={<DatabaseOutlined />}
              title="No stock known yet"
              action={<Link to="/providers">See installed providers</Link>}
            >
              Stock arrives from a warehouse provider, from a count, from a feed file or through the API. Until then nothing can be
              reserved.
            </EmptyState>
          )
        }
      />
      {group && (
        <GroupDrawer
          shape={shape}
          group={group}
          asked={{ organization: values.organization, product: values.product, source: values.source }}
          onClose={() => setGroup(undefined)}
          onOpen={(id) => {
            setGroup(undefined);
            openStock({ id, system: '' });
          }}
        />
      )}
      {stock && <StockDrawer key={stock.id} stock={stock} shape={shape} onClose={() => openStock(undefined)} />}
    </>
  );
}
