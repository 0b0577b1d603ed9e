import { listPlans, type PlanRow } from '@client/sourcing';
import { BranchesOutlined } from '@kit/icons';
import { EmptyState } from '@kit/feedback';
import { formatNumber, Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import { toOptions, ExportButton, FilterBar, type ListColumn, ListView, useColumns, usePagedList, useUrlFilters } from '@kit/list';
import { Badge } from '@kit/states';
import { listDocuments } from '@client/configuration';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { Link, useNavigate } from 'react-router';
import { Cost } from './CostBreakdown';
import { documentOptions } from '@kit/forms/fields';
import { planModeLabels, formatSeconds, formatPercent } from '../labels';
import '../optimization.css';

const keys = ['strategy', 'mode'] as const;
const ALIGN_RIGHT = 'right' as const;
const columns: readonly ListColumn<PlanRow>[] = [
  {
    id: 'at',
    title: 'Planned',
    alwaysShown: true,
    exportValue: (row) => row.planned_at,
    cell: (row) => (
      <Link className="strong" to={`/plans/${row.id}`}>
        <Timestamp at={row.planned_at} format="date" />
      </Link>
    ),
  },
  { id: 'strategy', title: 'Strategy', exportValue: (row) => row.strategy, cell: (row) => row.strategy },
  { id: 'mode', title: 'Kind', exportValue: (row) => row.mode, cell: (row) => <Badge>{planModeLabels[row.mode] ?? row.mode}</Badge> },
  {
    id: 'orders',
    title: 'Orders',
    align: ALIGN_RIGHT,
    exportValue: (row) => row.orders,
    cell: (row) => <span className="figure">{formatNumber(row.orders)}</span>,
  },
  {
    id: 'lines',
    title: 'Lines',
    align: ALIGN_RIGHT,
    exportValue: (row) => row.lines,
    cell: (row) => <span className="figure">{formatNumber(row.lines)}</span>,
  },
  {
    id: 'open',
    title: 'Not sourced',
    align: ALIGN_RIGHT,
    exportValue: (row) => row.open_lines,
    cell: (row) =>
      row.open_lines > 0 ? <Badge tone="attention">{formatNumber(row.open_lines)}</Badge> : <span className="muted">none</span>,
  },
  {
    id: 'cost',
    title: 'Cost',
    align: ALIGN_RIGHT,
    exportValue: (row) => row.cost,
    cell: (row) => <Cost value={row.cost} unit={row.currency} />,
  },
  {
    id: 'bound',
    title: 'Lower bound',
    align: ALIGN_RIGHT,
    exportValue: (row) => row.lower_bound ?? '',
    cell: (row) => <Cost value={row.lower_bound} unit={row.currency} />,
  },
  {
    id: 'gap',
    title: 'Gap',
    align: ALIGN_RIGHT,
    exportValue: (row) => row.gap ?? '',
    cell: (row) => <span className="figure">{formatPercent(row.gap)}</span>,
  },
  {
    id: 'seconds',
    title: 'Duration',
    align: ALIGN_RIGHT,
    exportValue: (row) => row.seconds,
    cell: (row) => <span className="figure">{formatSeconds(row.seconds)}</span>,
  },
  {
    id: 'moves',
    title: 'Moves',
    align: ALIGN_RIGHT,
    hiddenByDefault: true,
    exportValue: (row) => row.moves,
    cell: (row) => <span className="figure">{formatNumber(row.moves)}</span>,
  },
  { id: 'currency', title: 'Currency', hiddenByDefault: true, exportValue: (row) => row.currency, cell: (row) => row.currency || '—' },
  { id: 'method', title: 'Method', hiddenByDefault: true, exportValue: (row) => row.method, cell: (row) => humanize(row.method) },
];

/** Sourcing runs with cost, optimality gap and duration. */
export default function PlansPage() {
  const navigate = useNavigate();
  const [filterValues, change] = useUrlFilters(keys);
  const strategies = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const { visibleColumns, columnChooser } = useColumns('plans', columns);
  const list = usePagedList({
    name: 'plans',
    query: filterValues,
    fetch: listPlans,
    rowId: (row: PlanRow) => row.id,
    isRelevant: (event) => event.name.startsWith('fulfillment.optimization'),
  });
  const filters = [
    {
      key: 'strategy',
      label: 'Strategy',
      kind: 'choice' as const,
      options: [
        { value: 'default', label: 'default' },
        ...documentOptions(strategies.data ?? []).filter((strategy) => strategy.value !== 'default'),
      ],
    },
    {
      key: 'mode',
      label: 'Kind',
      kind: 'choice' as const,
      options: toOptions(Object.keys(planModeLabels), (item) => planModeLabels[item] ?? item),
    },
  ];
  return (
    <Page title="Plans" description="Sourcing runs with their cost. The gap of a batch is its maximum distance from the optimal cost.">
      <ListView
        label="Plans"
        list={list}
        columns={visibleColumns}
        rowId={(row) => row.id}
        noun={['plan', 'plans']}
        onOpen={(row) => void navigate(`/plans/${row.id}`)}
        toolbar={
          <FilterBar
            filters={filters}
            values={filterValues}
            onChange={change}
            extra={
              <>
                {columnChooser}
                <ExportButton name="plans" columns={columns} fetch={(page, signal) => listPlans({ ...filterValues, ...page }, signal)} />
              </>
            }
          />
        }
        empty={
          Object.keys(filterValues).length > 0 ? (
            <EmptyState
              icon={<BranchesOutlined />}
              title="No matching plans"
              action={<Button onClick={() => change({ strategy: undefined, mode: undefined })}>Show all plans</Button>}
            >
              Remove a filter to see more.
            </EmptyState>
          ) : (
            <EmptyState icon={<BranchesOutlined />} title="No plans yet" action={<Link to="/quote">Get a quote</Link>}>
              Plans appear here when orders are sourced.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
