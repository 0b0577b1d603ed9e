import { FileSyncOutlined } from '@kit/icons';
import { type FeedFile, listFeeds } from '@client/inventory';
import { EmptyState } from '@kit/feedback';
import { whole, When } from '@kit/figures';
import { Facts, Page } from '@kit/layout';
import { FilterBar, type ListColumn, ListView, usePagedList, useUrlFilters } from '@kit/list';
import { inWords, StateTag, warningIcon } from '@kit/states';
import { Button, Drawer } from 'antd';
import { useMemo, useState } from 'react';
import './inventory.css';
import { movesStock } from './naming';

const keys = ['state'] as const;
const idOf = (row: FeedFile): string => String(row.id);
const StateOf = ({ row }: { row: FeedFile }) =>
  row.state === 'done' ? <StateTag state="done" label="Taken" /> : <StateTag state="failed" label="Refused" />;

function columnsWith(open: (row: FeedFile) => void): readonly ListColumn<FeedFile>[] {
  return [
    {
      key: 'name',
      title: 'File',
      render: (row) => (
        <button type="button" className="link-button strong" onClick={() => open(row)}>
          {row.name}
        </button>
      ),
    },
    { key: 'state', title: 'State', render: (row) => <StateOf row={row} /> },
    {
      key: 'problem',
      title: 'What is wrong',
      render: (row) =>
        row.problems > 0 && (
          <span className="two-line wrap">
            <span>{row.problem}</span>
            {row.problems > 1 && <span className="muted">and {whole(row.problems - 1)} more</span>}
          </span>
        ),
    },
    { key: 'source', title: 'Source system', render: (row) => row.data_source || <span className="muted">—</span> },
    { key: 'type', title: 'Kind', render: (row) => inWords(row.feed_type) },
    { key: 'records', title: 'Records', align: 'right', render: (row) => <span className="figure">{whole(row.records)}</span> },
    { key: 'recorded_at', title: 'Read', render: (row) => <When at={row.recorded_at} /> },
  ];
}

/** Files other systems put into the feed folder: what was taken, what was refused and how to put it right. */
export default function FeedsPage() {
  const [values, change] = useUrlFilters(keys);
  const [open, setOpen] = useState<FeedFile>();
  const columns = useMemo(() => columnsWith(setOpen), []);
  const state: FeedFile['state'] | undefined = values.state === 'done' || values.state === 'error' ? values.state : undefined;
  const query = useMemo(() => ({ state }), [state]);
  const list = usePagedList({ name: 'feeds', query, fetch: listFeeds, idOf, concerns: (one) => movesStock(one.name) });
  return (
    <Page
      title="Inventory feed"
      lead="Files with quantities that other systems put into the feed folder. A file is taken whole, or refused whole with its first problem."
    >
      <ListView
        label="Feed files"
        list={list}
        columns={columns}
        idOf={idOf}
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
                  { value: 'done', label: 'Taken' },
                  { value: 'error', label: 'Refused' },
                ],
              },
            ]}
            values={values}
            onChange={change}
            extra={
              <Button loading={list.refreshing} onClick={list.retry}>
                Look again
              </Button>
            }
          />
        }
        empty={
          values.state === undefined ? (
            <EmptyState icon={<FileSyncOutlined />} title="No file has come yet">
              Put a JSON file with quantities into the folder that the setting <code>OPENIOM_FEED_DIR</code> names; a worker reads it within
              seconds. <code>overwrite</code> files say what stands, <code>incremental</code> ones what changed.
            </EmptyState>
          ) : (
            <EmptyState
              icon={<FileSyncOutlined />}
              title={values.state === 'error' ? 'No file was refused' : 'No file was taken'}
              action={<Button onClick={() => change({ state: undefined })}>Show all files</Button>}
            >
              {values.state === 'error' ? 'Every file that came could be read.' : 'Look at the refused ones for what is wrong.'}
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
                      ? `This is the first of ${whole(open.problems)} problems. Nothing of the file was posted.`
                      : 'Nothing of the file was posted.'}
                  </p>
                  <p>
                    All problems stand in <code>error/{open.name}.problem.json</code> inside the feed folder. Correct the file and put it
                    into the feed folder again; the corrected file is read as a new one.
                  </p>
                </div>
              </div>
            )}
            <Facts
              columns={2}
              items={[
                ['State', <StateOf key="state" row={open} />],
                ['Read', <When key="recorded_at" at={open.recorded_at} as="date" />],
                ['Source system', open.data_source],
                ['Kind', inWords(open.feed_type)],
                ['Records', whole(open.records)],
                ['Problems', open.problems > 0 && whole(open.problems)],
              ]}
            />
            {open.state === 'done' && (
              <p className="muted">
                The file was moved to the folder <code>done</code> inside the feed folder; each quantity it brought stands in the ledger.
              </p>
            )}
          </div>
        </Drawer>
      )}
    </Page>
  );
}
