import type { Band, DocumentDelta, Figures, SimulationChanges, SimulationRow, SimulationView, Summary } from '@client/sourcing';

const at = '2026-11-21T12:00:00Z';

/** A mean with bounds of ±1. */
export const band = (mean: number): Band => ({ mean, lower: mean - 1, upper: mean + 1 });

/** The figures of one side of a simulation with two days and one source. */
export const figures = (cost: number, parcels = 7): Figures => ({
  kpis: { cost: band(cost), orders: band(11), orders_in_full: band(9), orders_in_part: band(1), orders_unfulfilled: band(1) },
  daily: { orders: { mean: [5, 6], lower: [4, 5], upper: [6, 7] } },
  by_source: { CHI: { parcels: band(parcels), lines: band(8), units: band(9), avg_distance_km: band(400), days_used: band(2) } },
});

export const noChanges: SimulationChanges = {
  closed_sources: [],
  new_sources: [],
  constraints: [],
  strategy: null,
  demand_multiplier: 1,
  demand_products: [],
  new_products: [],
};

export const row: SimulationRow = {
  id: 's1',
  name: 'Close Seattle',
  description: 'What if Seattle closes?',
  template: 'source_optimization',
  state: 'finished',
  progress: 1,
  runs: 12,
  runs_done: 12,
  created_at: at,
  created_by: 'dana',
  finished_at: at,
  committed_at: null,
  cloned_from: null,
  error: '',
  cost_currency: 'EUR',
  cost: band(120),
  cost_difference: { mean: 20, lower: 18, upper: 22, certain: true },
};

export const closedSeattle: DocumentDelta = {
  kind: 'source',
  name: 'SEA',
  change: 'changed',
  paths: [{ path: 'active', before: true, after: false }],
};

export const summary: Summary = {
  baseline: figures(100, 4),
  scenario: figures(120),
  difference: { cost: { mean: 20, lower: 18, upper: 22, certain: true } },
};

/** A finished simulation with one change; `part` replaces fields. */
export const simulation = (part: Partial<SimulationView> = {}): SimulationView => ({
  ...row,
  currency: 'USD',
  basis_orders: 77,
  basis_lines: 1400,
  started_at: '2026-11-21T11:59:58Z',
  committed_by: '',
  request: {
    name: row.name,
    description: row.description,
    template: 'source_optimization',
    strategy: '',
    replenish_days: null,
    runs: 12,
    seed: 1,
    demand: { kind: 'past', from: '2026-11-20', to: '2026-11-21', multiplier: 1 },
    changes: { ...noChanges, closed_sources: ['SEA'] },
  },
  changed: [closedSeattle],
  summary,
  ...part,
});
