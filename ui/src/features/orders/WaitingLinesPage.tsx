import { listWaitingLines, type WaitingLine } from '@client/orders';
import { HourglassOutlined } from '@kit/icons';
import { Page } from '@kit/layout';
import {
  ActionableList,
  countFirstPage,
  ExportButton,
  knownSort,
  matchingByPage,
  sortsBy,
  useColumns,
  usePagedList,
  useUrlFilters,
} from '@kit/list';
import { useQueryClient } from '@tanstack/react-query';
import { Segmented } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import './orders.css';
import { waitingLineName, waitingLineColumns, waitingLineActions } from './waitingLineColumns';
import { WaitingLineDrawer } from './WaitingLineDrawer';

const keys = ['search', 'product', 'view', 'kind', 'sort', 'open'] as const;
const sorts = sortsBy('since', 'promised', 'product', 'expires_at');
const views = [
  { value: 'all', label: 'All' },
  { value: 'unpromised', label: 'No supply' },
  { value: 'expiring', label: 'Expiring' },
  { value: 'released', label: 'Released' },
];
const kinds = ['backorder', 'preorder', 'capacity'] as const;
const rowId = (row: WaitingLine): string => row.line_id;
const viewFilters: Record<string, object> = {
  unpromised: { unpromised: true },
  expiring: { expiring: true },
  released: { state: 'released' },
};

/** The parameters of the address as a query of the API. */
const toQuery = ({ search, product, kind, view, sort }: Partial<Record<string, string>>) => ({
  search,
  product,
  kind: kinds.find((one) => one === kind),
  sort: knownSort(sorts, sort) ?? (view === 'expiring' ? 'expires_at' : 'since'),
  ...viewFilters[view ?? 'all'],
});

/** Backordered and preordered lines, longest waiting first. */
export default function WaitingLinesPage() {
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys, ['open']);
  const { search, product, kind, sort, open } = values;
  const view = views.find((item) => item.value === values.view)?.value ?? 'all';
  const query = useMemo(() => toQuery({ search, product, kind, view, sort }), [search, product, kind, view, sort]);
  const list = usePagedList({
    name: 'waiting',
    query,
    fetch: listWaitingLines,
    rowId,
    isRelevant: (entry) => /^(order|order_line|inventory|reservation|backorder)\./.test(entry.name),
  });
  const [allColumns] = useState(() => waitingLineColumns((row) => change({ open: row.line_id })));
  const { visibleColumns, columnChooser } = useColumns('waiting', allColumns);
  const refresh = (): void => {
    list.reload();
    for (const key of ['waiting', 'orders', 'order']) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  return (
    <Page
      title="Waiting lines"
      description="Order lines waiting for stock or a launch date. They are sourced automatically, longest waiting first, when stock becomes available."
    >
      <ActionableList
        label="Waiting lines"
        list={list}
        columns={visibleColumns}
        rowId={rowId}
        rowName={waitingLineName}
        noun={['line', 'lines']}
        onOpen={(row) => change({ open: row.line_id })}
        sort={{ key: query.sort, reversible: true, onChange: (key) => change({ sort: key }) }}
        actions={() => waitingLineActions}
        onDone={refresh}
        matching={matchingByPage((page, signal) => listWaitingLines({ ...query, ...page }, signal), rowId, waitingLineName)}
        views={{
          list: 'waiting-lines',
          keys: ['view', 'sort'],
          count: (parameters, signal) => countFirstPage((page) => listWaitingLines({ ...toQuery(parameters), ...page }, signal)),
        }}
        search="Order number"
        filters={[
          { key: 'product', label: 'Product', kind: 'text' },
          {
            key: 'kind',
            label: 'Kind',
            kind: 'choice',
            options: [
              { value: 'backorder', label: 'Backorder' },
              { value: 'preorder', label: 'Preorder' },
              { value: 'capacity', label: 'No capacity' },
            ],
          },
        ]}
        values={values}
        onChange={change}
        extra={
          <>
            <Segmented
              aria-label="View"
              options={views}
              value={view}
              onChange={(next) => change({ view: next === 'all' ? undefined : next, sort: undefined })}
            />
            {columnChooser}
            <ExportButton
              name="waiting-lines"
              columns={visibleColumns}
              fetch={(page, signal) => listWaitingLines({ ...query, ...page }, signal)}
            />
          </>
        }
        icon={<HourglassOutlined />}
        empty={emptyContents[view] ?? nothingWaiting}
        noMatch={{ title: 'No matching lines', description: 'No waiting lines match these filters.' }}
      />
      {open !== undefined && <WaitingLineDrawer line={open} onClose={() => change({ open: undefined })} onDone={refresh} />}
    </Page>
  );
}

const nothingWaiting = {
  title: 'No waiting lines',
  description: 'Backordered and preordered lines appear here until they are sourced.',
  action: <Link to="/orders?state=on_hold">View orders on hold</Link>,
};
const emptyContents: Record<string, typeof nothingWaiting> = {
  unpromised: {
    title: 'All waiting lines have a promise date',
    description: 'Lines without scheduled supply appear here.',
    action: <Link to="/waiting-lines">View all waiting lines</Link>,
  },
  expiring: {
    title: 'No expiring lines',
    description: 'The order preferences set no expiry for waiting lines.',
    action: <Link to="/waiting-lines">View all waiting lines</Link>,
  },
  released: {
    title: 'No released lines',
    description: 'Released lines appear here until they are sourced.',
    action: <Link to="/waiting-lines">View all waiting lines</Link>,
  },
};
