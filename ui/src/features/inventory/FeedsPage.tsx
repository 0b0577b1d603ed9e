import { FileSyncOutlined } from '@kit/icons';
import { type FeedFile, listFeeds } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { DescriptionList, Page } from '@kit/layout';
import { FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { StateTag, warningIcon } from '@kit/states';
import { humanize } from '@vocabulary';
import { Button, Drawer } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import './inventory.css';
import { isStockEvent } from './labels';

const keys = ['state'] as const;
const rowId = (row: FeedFile): string => String(row.id);
const FeedStateTag = ({ row }: { row: FeedFile }) =>
  row.state === 'done' ? <StateTag state="done" label="Imported" /> : <StateTag state="failed" label="Failed" />;

function feedColumns(open: (row: FeedFile) => void): readonly ListColumn<FeedFile>[] {
  return [
    {
      id: 'name',
      title: 'File',
      cell: (row) => (
        <button type="button" className="link-button strong" onClick={() => open(row)}>
          {row.name}
        </button>
      ),
    },
    { id: 'state', title: 'State', cell: (row) => <FeedStateTag row={row} /> },
    {
      id: 'problem',
      title: 'Error',
      cell: (row) =>
        row.problems > 0 && (
          <span className="two-line wrap">
            <span>{row.problem}</span>
            {row.problems > 1 && <span className="muted">and {formatNumber(row.problems - 1)} more</span>}
          </span>
        ),
    },
    { id: 'source', title: 'Source system', cell: (row) => row.data_source || <span className="muted">—</span> },
    { id: 'type', title: 'Kind', cell: (row) => humanize(row.feed_type) },
    { id: 'records', title: 'Records', align: 'right', cell: (row) => <span className="figure">{formatNumber(row.records)}</span> },
    { id: 'at', title: 'Read', cell: (row) => <Timestamp at={row.recorded_at} /> },
  ];
}

/** Inventory feed files with their import result. */
export default function FeedsPage() {
  const [values, change] = useUrlFilters(keys);
  const [open, setOpen] = useState<FeedFile>();
  const columns = useMemo(() => feedColumns(setOpen), []);
  const state: FeedFile['state'] | undefined = values.state === 'done' || values.state === 'error' ? values.state : undefined;
  const query = useMemo(() => ({ state }), [state]);
  const list = usePagedList({ name: 'feeds', query, fetch: listFeeds, rowId, isRelevant: (item) => isStockEvent(item.name) });
  return (
    <Page title="Inventory feed" description="Inventory files from other systems. A file is imported completely or not at all.">
      <ListView
        label="Feed files"
        list={list}
        columns={columns}
        rowId={rowId}
        noun={['file', 'files']}
        onOpen={setOpen}
        toolbar={
          <FilterBar
            filters={[
              {
                key: 'state',
                label: 'State',
                kind: 'choice',
                options: [
                  { value: 'done', label: 'Imported' },
                  { value: 'error', label: 'Failed' },
                ],
              },
            ]}
            values={values}
            onChange={change}
            extra={
              <Button loading={list.refreshing} onClick={list.retry}>
                Refresh
              </Button>
            }
          />
        }
        empty={
          values.state === undefined ? (
            <EmptyState icon={<FileSyncOutlined />} title="No files yet" action={<Link to="/inventory">View inventory</Link>}>
              Place a JSON file in the folder set by <code>OPENIOM_FEED_DIR</code>. Use <code>overwrite</code> for absolute quantities and{' '}
              <code>incremental</code> for changes.
            </EmptyState>
          ) : (
            <EmptyState
              icon={<FileSyncOutlined />}
              title={values.state === 'error' ? 'No failed files' : 'No imported files'}
              action={<Button onClick={() => change({ state: undefined })}>Show all files</Button>}
            >
              {values.state === 'error' ? 'All files were imported.' : 'Check the failed files for errors.'}
            </EmptyState>
          )
        }
      />
      {open && (
        <Drawer open onClose={() => setOpen(undefined)} size={560} title={open.name}>
          <div className="stack">
            {open.state === 'error' && (
              <div className="feed-problem" role="note">
                <span aria-hidden="true">{warningIcon}</span>
                <div>
                  <p className="strong">{open.problem}</p>
                  <p>
                    {open.problems > 1
                      ? `First of ${formatNumber(open.problems)} errors. No quantity from this file was imported.`
                      : 'No quantity from this file was imported.'}
                  </p>
                  <p>
                    All errors are listed in <code>error/{open.name}.problem.json</code> in the feed folder. Correct the file and place it
                    in the feed folder again.
                  </p>
                </div>
              </div>
            )}
            <DescriptionList
              columns={2}
              items={[
                ['State', <FeedStateTag key="state" row={open} />],
                ['Read', <Timestamp key="at" at={open.recorded_at} format="date" />],
                ['Source system', open.data_source],
                ['Kind', humanize(open.feed_type)],
                ['Records', formatNumber(open.records)],
                ['Errors', open.problems > 0 && formatNumber(open.problems)],
              ]}
            />
            {open.state === 'done' && (
              <p className="muted">
                The file was moved to the <code>done</code> folder. Its quantities are in the ledger.
              </p>
            )}
          </div>
        </Drawer>
      )}
    </Page>
  );
}
