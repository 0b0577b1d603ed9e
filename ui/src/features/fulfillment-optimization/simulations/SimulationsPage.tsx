import { listSimulations, deleteSimulation, type SimulationRow } from '@client/sourcing';
import { asProblem } from '@client/problem';
import { BranchesOutlined, PlusOutlined } from '@kit/icons';
import { EmptyState } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import { BulkBar, type ListColumn, ListView, usePagedList, type Verb } from '@kit/list';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { kpiValue, signed, templates, wayOf } from './kpis';
import { usePermission } from '@kit/usePermission';
import { SimulationState } from './SimulationStateTag';
import '../optimization.css';

const right = 'right' as const;
const none = {};
const MOST_COMPARED = 6;

const columns: readonly ListColumn<SimulationRow>[] = [
  {
    id: 'name',
    title: 'Simulation',
    alwaysShown: true,
    cell: (row) => (
      <span className="two-line">
        <Link className="strong" to={`/simulations/${row.id}`}>
          {row.name}
        </Link>
        <span className="muted">{templates[row.template]?.title ?? row.template}</span>
      </span>
    ),
  },
  { id: 'state', title: 'State', cell: (row) => <SimulationState row={row} /> },
  {
    id: 'cost',
    title: 'Cost',
    align: right,
    cell: (row) =>
      row.cost ? (
        <span className="two-line">
          <span className="figure strong">{kpiValue('cost', row.cost.mean, row.cost_currency)}</span>
          <span className="muted figure">
            {kpiValue('cost', row.cost.lower)} to {kpiValue('cost', row.cost.upper)}
          </span>
        </span>
      ) : (
        <span className="muted">—</span>
      ),
  },
  {
    id: 'difference',
    title: 'Against today',
    align: right,
    cell: (row) =>
      row.cost_difference ? (
        <span className="delta" data-way={wayOf('cost', row.cost_difference)}>
          {signed('cost', row.cost_difference.mean, row.cost_currency)}
          {row.cost_difference.mean !== 0 && !row.cost_difference.certain && ', not certain'}
        </span>
      ) : (
        <span className="muted">—</span>
      ),
  },
  {
    id: 'asked',
    title: 'Asked for',
    cell: (row) => (
      <span className="two-line">
        <Timestamp at={row.created_at} />
        <span className="muted">by {row.created_by}</span>
      </span>
    ),
  },
  {
    id: 'committed',
    title: 'Committed',
    cell: (row) => (row.committed_at ? <Timestamp at={row.committed_at} /> : <span className="muted">No</span>),
  },
];

/** What if: scenarios over past or coming demand. */
export default function SimulationsPage() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const may = usePermission('sourcing.write');
  const [picked, setPicked] = useState<string[]>([]);
  const list = usePagedList({ name: 'simulations', query: none, fetch: listSimulations, rowId: (row: SimulationRow) => row.id });
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ['simulations', 'list'] });
  const moving = list.rows.some((row) => row.state === 'waiting' || row.state === 'running');
  useEffect(() => {
    if (!moving) return;
    const timer = window.setInterval(() => void queries.invalidateQueries({ queryKey: ['simulations', 'list'] }), 2000);
    return () => window.clearInterval(timer);
  }, [moving, queries]);
  const chosen = picked.flatMap((id) => list.rows.filter((row) => row.id === id));
  const why =
    chosen.length < 2
      ? 'Select two or more simulations to compare them'
      : chosen.length > MOST_COMPARED
        ? `At most ${MOST_COMPARED} can stand side by side`
        : chosen.some((row) => row.state !== 'finished')
          ? 'Only finished simulations can be compared'
          : '';
  const verbs: readonly Verb[] = may
    ? [
        {
          name: 'remove',
          label: 'Delete',
          danger: true,
          description: 'Their figures are gone for good. What was committed stays in use.',
          run: (ids) =>
            Promise.all(
              ids.map((id) =>
                deleteSimulation(id).then(
                  () => ({ id, ok: true, reason: '' }),
                  (error: unknown) => ({ id, ok: false, reason: asProblem(error).what }),
                ),
              ),
            ),
        },
      ]
    : [];
  const add = (
    <ExplainedButton
      type="primary"
      icon={<PlusOutlined />}
      allowed={may}
      why="It needs the permission sourcing.write"
      onClick={() => void navigate('/simulations/new')}
    >
      New simulation
    </ExplainedButton>
  );
  return (
    <Page
      title="Simulations"
      lead="What if: other sources, constraints or strategies, or more demand, over many runs of your own orders. Nothing real changes until you commit."
      actions={add}
    >
      <ListView
        label="Simulations"
        list={list}
        columns={columns}
        rowId={(row) => row.id}
        rowName={(row) => row.name}
        noun={['simulation', 'simulations']}
        onOpen={(row) => void navigate(`/simulations/${row.id}`)}
        selection={{ ids: picked, onChange: setPicked }}
        toolbar={
          <>
            {picked.length > 0 && (
              <BulkBar
                picked={chosen.map((row) => ({ id: row.id, label: row.name }))}
                verbs={verbs}
                noun={['simulation', 'simulations']}
                onClear={() => setPicked([])}
                onDone={refresh}
              />
            )}
            <div className="toolbar">
              <ExplainedButton
                icon={<BranchesOutlined />}
                allowed={why === ''}
                why={why}
                onClick={() => void navigate(`/simulations/compare?ids=${picked.join(',')}`)}
              >
                Compare side by side
              </ExplainedButton>
              <span className="muted small">{why}</span>
            </div>
          </>
        }
        empty={
          <EmptyState icon={<BranchesOutlined />} title="No simulations yet" action={add}>
            A simulation draws days of demand from your own orders, sources them with what you would change and with what stands today, and
            says what would differ, with bounds.
          </EmptyState>
        }
      />
    </Page>
  );
}
