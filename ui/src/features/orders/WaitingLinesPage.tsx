import { listWaitingLines, type WaitingLine } from '@client/orders';
import { HourglassOutlined } from '@kit/icons';
import { Page } from '@kit/layout';
import { ExportButton, useColumns, usePagedList, useUrlFilters, WorkList } from '@kit/list';
import { useQueryClient } from '@tanstack/react-query';
import { Segmented } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import './orders.css';
import { waitingLineName, waitingLineColumns, waitingLineActions } from './waitingLineColumns';
import { WaitingLineDrawer } from './WaitingLineDrawer';

const keys = ['search', 'product', 'view', 'kind', 'open'] as const;
const views = [
  { value: 'all', label: 'All' },
  { value: 'unpromised', label: 'No supply' },
  { value: 'expiring', label: 'Canceled next' },
  { value: 'released', label: 'Going on' },
];
const rowId = (row: WaitingLine): string => row.line_id;
const viewFilters: Record<string, object> = {
  unpromised: { unpromised: true },
  expiring: { sort: 'expires_at' },
  released: { state: 'released' },
};

/** Lines that wait for stock or a launch, who waits longest first, and what can be done about it. */
export default function WaitingLinesPage() {
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const { search, product, kind, open } = values;
  const view = views.find((item) => item.value === values.view)?.value ?? 'all';
  const query = useMemo(
    () => ({ search, product, kind: kind === 'backorder' || kind === 'preorder' ? kind : undefined, ...viewFilters[view] }) as const,
    [search, product, kind, view],
  );
  const list = usePagedList({
    name: 'waiting',
    query,
    fetch: listWaitingLines,
    rowId: rowId,
    isRelevant: (entry) => /^(order|order_line|inventory|reservation|backorder)\./.test(entry.name),
  });
  const [allColumns] = useState(() => waitingLineColumns((row) => change({ open: row.line_id })));
  const { visibleColumns: visibleColumns, columnChooser: columnChooser } = useColumns('waiting', allColumns);
  const refresh = (): void => {
    list.reload();
    for (const key of ['waiting', 'orders', 'order']) void queryClient.invalidateQueries({ queryKey: [key] });
  };
  return (
    <Page
      title="Waiting lines"
      lead="Order lines that wait for stock or for a launch. They go on by themselves as stock comes, who waits longest first; here you see why, and can help."
    >
      <WorkList
        label="Waiting lines"
        list={list}
        columns={visibleColumns}
        rowId={rowId}
        rowName={waitingLineName}
        noun={['line', 'lines']}
        pagerLabels={['Before', 'After']}
        onOpen={(row) => change({ open: row.line_id })}
        actions={() => waitingLineActions}
        onDone={refresh}
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
              onChange={(next) => change({ view: next === 'all' ? undefined : next })}
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
        noMatch={{ title: 'No waiting line matches', description: 'Nothing that waits fits all of the filters above.' }}
      />
      {open !== undefined && <WaitingLineDrawer line={open} onClose={() => change({ open: undefined })} onDone={refresh} />}
    </Page>
  );
}

const nothingWaiting = {
  title: 'Nobody waits',
  description:
    'Every order line found its stock. A line that no source can serve waits here once backorders are taken; one sold before its launch waits as a preorder.',
  action: <Link to="/orders?state=on_hold">See orders on hold</Link>,
};
const emptyContents: Record<string, typeof nothingWaiting> = {
  unpromised: {
    title: 'Every waiting line has its day',
    description: 'Supply is known for all that wait. A line without any shows here, so that somebody orders more.',
    action: <Link to="/waiting-lines">See all that wait</Link>,
  },
  expiring: {
    title: 'No line is canceled by itself',
    description: 'The order preferences give waiting lines no last day.',
    action: <Link to="/waiting-lines">See all that wait</Link>,
  },
  released: {
    title: 'Nothing is on its way',
    description: 'Lines that were just told to go on show here until sourcing found their stock.',
    action: <Link to="/waiting-lines">See all that wait</Link>,
  },
};
