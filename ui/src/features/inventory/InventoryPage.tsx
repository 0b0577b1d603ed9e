import { DatabaseOutlined } from '@kit/icons';
import { type GroupRow, listGroups, listSources, getShape, type Shape } from '@client/inventory';
import { EmptyState, QueryContent } from '@kit/feedback';
import { MultiSelect } from '@kit/forms/MultiSelect';
import { Page } from '@kit/layout';
import { ExportButton, type Filter, FilterBar, ListView, useColumns, usePagedList, useUrlFilters } from '@kit/list';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { gridColumns, groupTitle, type OpenFigure, withoutEmptyMeasures } from './inventoryColumns';
import { GroupDrawer } from './GroupDrawer';
import './inventory.css';
import { isStockEvent } from './labels';
import { StockDrawer } from './StockDrawer';
import { useStockDrawer } from './useStockDrawer';

const filterKeys = ['search', 'source', 'product', 'short', 'organization', 'by'] as const;
const DEFAULT_GROUPING = 'product,source';

/** Inventory grouped by product, source or dimension, with the measures of all source systems. */
export default function InventoryPage() {
  const displaySchema = useQuery({ queryKey: ['inventory', 'shape'], queryFn: getShape });
  return (
    <Page
      title="Inventory visibility"
      description="Stock, reservations and availability at every source. Select a quantity to see its changes."
    >
      <QueryContent query={displaySchema} rows={10}>
        {(data) => <Grid displaySchema={data} />}
      </QueryContent>
    </Page>
  );
}

function useGridFilters(displaySchema: Shape): Filter[] {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const otherOrganizations = displaySchema.organizations.filter((organization) => organization !== '');
  return [
    {
      key: 'source',
      label: 'Source',
      kind: 'choice',
      options: (sources.data ?? []).map((source) => ({ value: source.name, label: source.title || source.name })),
    },
    { key: 'product', label: 'Product', kind: 'text' },
    { key: 'short', label: 'Short only', kind: 'flag' },
    ...displaySchema.dimensions.map((dimension): Filter => ({ key: dimension.name, label: dimension.title, kind: 'text' })),
    ...(otherOrganizations.length > 0
      ? [
          {
            key: 'organization',
            label: 'Organization',
            kind: 'choice' as const,
            options: otherOrganizations.map((other) => ({ value: other, label: other })),
          },
        ]
      : []),
  ];
}

function GroupBy({ displaySchema, by, onChange }: { displaySchema: Shape; by: string[]; onChange: (by: string[]) => void }) {
  const groupNames = ['product', 'source', ...displaySchema.dimensions.map((dimension) => dimension.name)];
  return (
    <label className="group-by">
      <span>Group by</span>
      <MultiSelect
        aria-label="Group by"
        value={by}
        maxCount={6}
        showSearch={false}
        options={groupNames.map((name) => ({ value: name, label: groupTitle(displaySchema, name) }))}
        onChange={onChange}
      />
    </label>
  );
}

function Grid({ displaySchema }: { displaySchema: Shape }) {
  const dimensionNames = displaySchema.dimensions.map((dimension) => dimension.name);
  const [values, change] = useUrlFilters<string>([...filterKeys, ...dimensionNames]);
  const filters = useGridFilters(displaySchema);
  const [stock, openStock] = useStockDrawer();
  const [group, setGroup] = useState<GroupRow>();
  const by = (values.by ?? DEFAULT_GROUPING).split(',').filter((name) => name !== '');
  const serializedQuery = JSON.stringify([by, values, dimensionNames]);

  const open: OpenFigure = (row, system) => {
    if (row.stock_id !== null) openStock({ id: row.stock_id, system });
    else if (by.includes('product') || values.product) setGroup(row);
    else change({ ...row.values, by: ['product', ...by].join(',') });
  };
  const allColumns = gridColumns(displaySchema, by, open);
  const { visibleColumns, columnChooser } = useColumns('inventory-grid', allColumns);
  const query = useMemo(() => {
    const [groupNames, given, names] = JSON.parse(serializedQuery) as [string[], Record<string, string>, string[]];
    return {
      group_by: groupNames.join(','),
      search: given.search,
      source: given.source,
      product: given.product,
      organization: given.organization,
      short: given.short === 'true' ? true : undefined,
      dimension: names.filter((name) => given[name] !== undefined).map((name) => `${name}=${given[name] ?? ''}`),
    };
  }, [serializedQuery]);
  const list = usePagedList({
    name: 'inventory-grid',
    query,
    fetch: listGroups,
    rowId: (row) => JSON.stringify(row.values),
    isRelevant: (item) => isStockEvent(item.name),
  });
  const columns = withoutEmptyMeasures(visibleColumns, list.rows);
  const isFiltered = Object.keys(values).some((key) => key !== 'by');
  const clearFilters = (): void => change(Object.fromEntries([...filterKeys, ...dimensionNames].map((key) => [key, undefined])));
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
                  displaySchema={displaySchema}
                  by={by}
                  onChange={(next) => next.length > 0 && change({ by: next.join(',') === DEFAULT_GROUPING ? undefined : next.join(',') })}
                />
                {columnChooser}
                <ExportButton name="inventory" columns={columns} fetch={(page, signal) => listGroups({ ...query, ...page }, signal)} />
              </>
            }
          />
        }
        empty={
          isFiltered ? (
            <EmptyState
              icon={<DatabaseOutlined />}
              title="No matching stock"
              action={<Button onClick={clearFilters}>Clear filters</Button>}
            >
              {values.short ? 'No products are short.' : 'No results match these filters.'}
            </EmptyState>
          ) : (
            <EmptyState icon={<DatabaseOutlined />} title="No stock yet" action={<Link to="/providers">View installed providers</Link>}>
              Import stock from a provider, a feed file or the API.
            </EmptyState>
          )
        }
      />
      {group && (
        <GroupDrawer
          displaySchema={displaySchema}
          group={group}
          filters={{ organization: values.organization, product: values.product, source: values.source }}
          onClose={() => setGroup(undefined)}
          onOpen={(id) => {
            setGroup(undefined);
            openStock({ id, system: '' });
          }}
        />
      )}
      {stock && <StockDrawer key={stock.id} stock={stock} displaySchema={displaySchema} onClose={() => openStock(undefined)} />}
    </>
  );
}
