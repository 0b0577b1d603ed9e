import { listPlans, type PlanRow } from '@client/sourcing';
import { BranchesOutlined } from '@kit/icons';
import { EmptyState } from '@kit/feedback';
import { whole, When } from '@kit/format';
import { Page } from '@kit/layout';
import { choices, ExportButton, FilterBar, type ListColumn, ListView, useColumns, usePagedList, useUrlFilters } from '@kit/list';
import { Badge } from '@kit/states';
import { listDocuments } from '@client/configuration';
import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { Link, useNavigate } from 'react-router';
import { Cost } from './CostBreakdown';
import { named } from '@kit/forms/fields';
import { modeWords, seconds, share } from '../labels';
import '../optimization.css';

const keys = ['strategy', 'mode'] as const;
const right = 'right' as const;
const columns: readonly ListColumn<PlanRow>[] = [
  {
    key: 'at',
    title: 'Planned',
    fixed: true,
    text: (row) => row.at,
    render: (row) => (
      <Link className="strong" to={`/plans/${row.id}`}>
        <When at={row.at} as="date" />
      </Link>
    ),
  },
  { key: 'strategy', title: 'Strategy', text: (row) => row.strategy, render: (row) => row.strategy },
  { key: 'mode', title: 'Kind', text: (row) => row.mode, render: (row) => <Badge>{modeWords[row.mode] ?? row.mode}</Badge> },
  {
    key: 'orders',
    title: 'Orders',
    align: right,
    text: (row) => row.orders,
    render: (row) => <span className="figure">{whole(row.orders)}</span>,
  },
  {
    key: 'lines',
    title: 'Lines',
    align: right,
    text: (row) => row.lines,
    render: (row) => <span className="figure">{whole(row.lines)}</span>,
  },
  {
    key: 'open',
    title: 'Not sourced',
    align: right,
    text: (row) => row.open_lines,
    render: (row) => (row.open_lines > 0 ? <Badge tone="attention">{whole(row.open_lines)}</Badge> : <span className="muted">none</span>),
  },
  { key: 'cost', title: 'Cost', align: right, text: (row) => row.cost, render: (row) => <Cost value={row.cost} unit={row.currency} /> },
  {
    key: 'bound',
    title: 'Lower bound',
    align: right,
    text: (row) => row.lower_bound ?? '',
    render: (row) => <Cost value={row.lower_bound} unit={row.currency} />,
  },
  {
    key: 'gap',
    title: 'Gap',
    align: right,
    text: (row) => row.gap ?? '',
    render: (row) => <span className="figure">{share(row.gap)}</span>,
  },
  {
    key: 'seconds',
    title: 'Took',
    align: right,
    text: (row) => row.seconds,
    render: (row) => <span className="figure">{seconds(row.seconds)}</span>,
  },
  {
    key: 'moves',
    title: 'Moves',
    align: right,
    extra: true,
    text: (row) => row.moves,
    render: (row) => <span className="figure">{whole(row.moves)}</span>,
  },
  { key: 'currency', title: 'Currency', extra: true, text: (row) => row.currency, render: (row) => row.currency || '—' },
  { key: 'method', title: 'Method', extra: true, text: (row) => row.method, render: (row) => row.method },
];

/** Every sourcing run: what it cost, how close to the best it is proved to be, how long it took. */
export default function PlansPage() {
  const navigate = useNavigate();
  const [chosen, change] = useUrlFilters(keys);
  const strategies = useQuery({ queryKey: ['configuration', 'strategy'], queryFn: () => listDocuments('strategy') });
  const { shown, chooser } = useColumns('plans', columns);
  const list = usePagedList({
    name: 'plans',
    query: chosen,
    fetch: listPlans,
    idOf: (row: PlanRow) => row.id,
    concerns: (event) => event.name.startsWith('fulfillment.optimization'),
  });
  const filters = [
    {
      key: 'strategy',
      label: 'Strategy',
      kind: 'choice' as const,
      options: [{ value: 'default', label: 'default' }, ...named(strategies.data ?? []).filter((one) => one.value !== 'default')],
    },
    { key: 'mode', label: 'Kind', kind: 'choice' as const, options: choices(Object.keys(modeWords), (one) => modeWords[one] ?? one) },
  ];
  return (
    <Page
      title="Plans"
      lead="Every run that chose sources. Batches prove a lower bound: no plan can cost less, so the gap says how far from the best it can be."
    >
      <ListView
        label="Plans"
        list={list}
        columns={shown}
        idOf={(row) => row.id}
        noun={['plan', 'plans']}
        onOpen={(row) => void navigate(`/plans/${row.id}`)}
        toolbar={
          <FilterBar
            filters={filters}
            values={chosen}
            onChange={change}
            extra={
              <>
                {chooser}
                <ExportButton name="plans" columns={columns} fetch={(page, signal) => listPlans({ ...chosen, ...page }, signal)} />
              </>
            }
          />
        }
        empty={
          Object.keys(chosen).length > 0 ? (
            <EmptyState
              icon={<BranchesOutlined />}
              title="No plan matches"
              action={<Button onClick={() => change({ strategy: undefined, mode: undefined })}>Show all plans</Button>}
            >
              Take a filter away to see more.
            </EmptyState>
          ) : (
            <EmptyState
              icon={<BranchesOutlined />}
              title="Nothing has been planned yet"
              action={<Link to="/quote">Try a cart without ordering</Link>}
            >
              When a flow comes to its sourcing step, the optimizer chooses sources and its plan stands here with its cost.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
