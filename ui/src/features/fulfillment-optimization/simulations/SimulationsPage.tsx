import { listSimulations, deleteSimulation, type SimulationRow } from '@client/sourcing';
import { asProblem } from '@client/problem';
import { BranchesOutlined, PlusOutlined } from '@kit/icons';
import { EmptyState } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { Page } from '@kit/layout';
import { BulkActionBar, type ListColumn, ListView, usePagedList, type BulkAction } from '@kit/list';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { formatKpi, formatDifference, simulationTemplates, differenceDirection } from './kpis';
import { usePermission } from '@kit/usePermission';
import { SimulationStateTag } from './SimulationStateTag';
import '../optimization.css';

const ALIGN_RIGHT = 'right' as const;
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
        <span className="muted">{simulationTemplates[row.template]?.title ?? row.template}</span>
      </span>
    ),
  },
  { id: 'state', title: 'State', cell: (row) => <SimulationStateTag row={row} /> },
  {
    id: 'cost',
    title: 'Cost',
    align: ALIGN_RIGHT,
    cell: (row) =>
      row.cost ? (
        <span className="two-line">
          <span className="figure strong">{formatKpi('cost', row.cost.mean, row.cost_currency)}</span>
          <span className="muted figure">
            {formatKpi('cost', row.cost.lower)} to {formatKpi('cost', row.cost.upper)}
          </span>
        </span>
      ) : (
        <span className="muted">—</span>
      ),
  },
  {
    id: 'difference',
    title: 'vs. current',
    align: ALIGN_RIGHT,
    cell: (row) =>
      row.cost_difference ? (
        <span className="delta" data-way={differenceDirection('cost', row.cost_difference)}>
          {formatDifference('cost', row.cost_difference.mean, row.cost_currency)}
          {row.cost_difference.mean !== 0 && !row.cost_difference.certain && ', not significant'}
        </span>
      ) : (
        <span className="muted">—</span>
      ),
  },
  {
    id: 'created',
    title: 'Created',
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

/** Simulations of configuration changes. */
export default function SimulationsPage() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const canWrite = usePermission('sourcing.write');
  const [selectedIds, setSelectedIds] = useState<string[]>([]);
  const list = usePagedList({ name: 'simulations', query: none, fetch: listSimulations, rowId: (row: SimulationRow) => row.id });
  const refresh = (): void => void queryClient.invalidateQueries({ queryKey: ['simulations', 'list'] });
  const hasActiveRuns = list.rows.some((row) => row.state === 'waiting' || row.state === 'running');
  useEffect(() => {
    if (!hasActiveRuns) return;
    const timer = window.setInterval(() => void queryClient.invalidateQueries({ queryKey: ['simulations', 'list'] }), 2000);
    return () => window.clearInterval(timer);
  }, [hasActiveRuns, queryClient]);
  const selectedRows = selectedIds.flatMap((id) => list.rows.filter((row) => row.id === id));
  const compareDisabledReason =
    selectedRows.length < 2
      ? 'Select two or more simulations to compare them'
      : selectedRows.length > MOST_COMPARED
        ? `At most ${MOST_COMPARED} simulations can be compared`
        : selectedRows.some((row) => row.state !== 'finished')
          ? 'Only finished simulations can be compared'
          : '';
  const actions: readonly BulkAction[] = canWrite
    ? [
        {
          name: 'remove',
          label: 'Delete',
          danger: true,
          description: 'The results are deleted permanently. Committed changes stay in effect.',
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
      allowed={canWrite}
      disabledReason="Your role may not run simulations"
      onClick={() => void navigate('/simulations/new')}
    >
      New simulation
    </ExplainedButton>
  );
  return (
    <Page
      title="Simulations"
      description="Test changes to sources, constraints, strategies or demand with your own orders. Nothing changes until you commit."
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
        selection={{ ids: selectedIds, onChange: setSelectedIds }}
        toolbar={
          <>
            <BulkActionBar
              selectedRows={selectedRows.map((row) => ({ id: row.id, label: row.name }))}
              actions={actions}
              noun={['simulation', 'simulations']}
              onClear={() => setSelectedIds([])}
              onDone={refresh}
            />
            <div className="toolbar">
              <ExplainedButton
                icon={<BranchesOutlined />}
                allowed={compareDisabledReason === ''}
                disabledReason={compareDisabledReason}
                onClick={() => void navigate(`/simulations/compare?ids=${selectedIds.join(',')}`)}
              >
                Compare side by side
              </ExplainedButton>
              <span className="muted small">{compareDisabledReason}</span>
            </div>
          </>
        }
        empty={
          <EmptyState icon={<BranchesOutlined />} title="No simulations yet" action={add}>
            A simulation sources past demand with your changes and compares the results with the current configuration.
          </EmptyState>
        }
      />
    </Page>
  );
}
