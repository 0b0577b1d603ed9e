import { CheckCircleOutlined } from '@kit/icons';
import { actOnFlowRuns, listFlows, listRuns, type Run, type RunState } from '@client/orchestration';
import { EmptyState } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import {
  countFirstPage,
  matchingByPage,
  BulkActionBar,
  toOptions,
  FilterBar,
  knownSort,
  sortsBy,
  type ListColumn,
  ListView,
  usePagedList,
  useUrlFilters,
  type BulkAction,
} from '@kit/list';
import { StateTag } from '@kit/states';
import { stateLabel } from '@vocabulary';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import './orchestration.css';
import { RunErrorText } from './RunErrorText';
import { subjectPath } from './subjectPath';

const keys = ['state', 'flow', 'sort'] as const;
const sorts = sortsBy('started', 'since');
const noun = ['run', 'runs'] as const;
const rowId = (row: Run): string => row.id;

const actions: readonly BulkAction[] = [
  {
    name: 'reprocess',
    label: 'Reprocess',
    description: 'Each run continues from the failed step with current data. Steps that succeeded are not repeated.',
    run: (ids) => actOnFlowRuns('reprocess', ids),
  },
  {
    name: 'skip',
    label: 'Skip step',
    description: 'Each run continues as if the failed step had succeeded. Use this when the work was done manually.',
    run: (ids) => actOnFlowRuns('skip', ids),
  },
  {
    name: 'cancel',
    label: 'Stop',
    danger: true,
    description: 'Each run ends. The order does not change and is no longer processed by this flow.',
    run: (ids) => actOnFlowRuns('cancel', ids),
  },
];

/** Runs that have not failed are sorted by when they started only. */
const columns = (failed: boolean): readonly ListColumn<Run>[] => [
  {
    id: 'subject',
    title: 'Subject',
    cell: (row) => {
      const path = subjectPath(row);
      return path ? (
        <Link className="strong" to={path}>
          {row.subject_label}
        </Link>
      ) : (
        <span className="strong">{row.subject_label}</span>
      );
    },
  },
  { id: 'state', title: 'State', cell: (row) => <StateTag state={row.state} /> },
  { id: 'step', title: 'Step', cell: (row) => row.step_title ?? row.step ?? '' },
  { id: 'error', title: 'What went wrong', cell: (row) => row.error && <RunErrorText error={row.error} /> },
  { id: 'flow', title: 'Flow', cell: (row) => <Link to={`/flows/${encodeURIComponent(row.flow)}`}>{row.flow_title || row.flow}</Link> },
  {
    id: 'since',
    title: 'Since',
    hint: 'When it reached this step',
    sortKey: failed ? 'since' : undefined,
    sortDescendingFirst: true,
    cell: (row) => <Timestamp at={row.since} />,
  },
  { id: 'started', title: 'Started', sortKey: 'started', sortDescendingFirst: true, cell: (row) => <Timestamp at={row.started_at} /> },
];

/** The parameters of the address as a query of the API. */
const toQuery = ({ state = 'failed', flow, sort }: Partial<Record<string, string>>) => {
  const chosen = knownSort(sorts, sort);
  const allowed = state === 'failed' || chosen === 'started' || chosen === '-started';
  return { state: state as RunState, flow, sort: allowed ? chosen : undefined };
};

/** Flow runs, failed ones by default, with bulk actions. */
export default function RunsPage() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [values, change] = useUrlFilters(keys);
  const [selected, setSelected] = useState<string[]>([]);
  const flows = useQuery({ queryKey: ['flows'], queryFn: listFlows });
  const query = useMemo(() => toQuery(values), [values]);
  const list = usePagedList({ name: 'runs', query, fetch: listRuns, rowId, isRelevant: () => true });
  const selectedRows = list.rows.filter((row) => selected.includes(row.id)).map((row) => ({ id: row.id, label: row.subject_label }));
  const failed = query.state === 'failed';
  return (
    <Page
      title={failed ? 'Failed runs' : 'Runs'}
      description={
        failed
          ? 'Runs stopped by an error. Fix the cause, then reprocess to continue from the failed step.'
          : 'Orders and other documents in flows, with the step that each has reached.'
      }
    >
      <ListView
        label="Runs"
        list={list}
        columns={columns(failed)}
        rowId={rowId}
        rowName={(row) => row.subject_label}
        noun={noun}
        sort={{ key: query.sort ?? '-started', reversible: true, onChange: (sort) => change({ sort }) }}
        onOpen={(row) => {
          const path = subjectPath(row);
          if (path) void navigate(path);
        }}
        selection={{ ids: selectedRows.map((item) => item.id), onChange: setSelected }}
        toolbar={
          <BulkActionBar
            selectedRows={selectedRows}
            noun={noun}
            actions={actions}
            onClear={() => setSelected([])}
            onDone={() => {
              list.reload();
              void queryClient.invalidateQueries({ queryKey: ['flows'] });
            }}
            matching={
              (list.next ?? list.previous)
                ? matchingByPage(
                    (page, signal) => listRuns({ ...query, ...page }, signal),
                    rowId,
                    (row) => row.subject_label,
                  )
                : undefined
            }
          >
            <FilterBar
              views={{
                list: 'runs',
                keys: ['sort'],
                count: (parameters, signal) => countFirstPage((page) => listRuns({ ...toQuery(parameters), ...page }, signal)),
              }}
              filters={[
                {
                  key: 'state',
                  label: 'State',
                  kind: 'choice',
                  options: toOptions(['failed', 'running', 'completed', 'canceled'], stateLabel),
                },
                {
                  key: 'flow',
                  label: 'Flow',
                  kind: 'choice',
                  options: (flows.data ?? []).map((flow) => ({ value: flow.name, label: flow.title || flow.name })),
                },
              ]}
              values={values}
              onChange={change}
            />
          </BulkActionBar>
        }
        empty={
          <EmptyState
            icon={<CheckCircleOutlined />}
            title={failed ? 'No failed runs' : 'No matching runs'}
            action={
              (values.state ?? values.flow) !== undefined ? (
                <Button onClick={() => change({ state: undefined, flow: undefined })}>Clear filters</Button>
              ) : (
                <Link to="/flows">View flows</Link>
              )
            }
          >
            Runs appear here when a step fails after all retries.
          </EmptyState>
        }
      />
    </Page>
  );
}
