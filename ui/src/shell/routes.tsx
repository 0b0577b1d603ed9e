import { EmptyState, ProblemNotice } from '@kit/feedback';
import { Page } from '@kit/layout';
import { type ComponentType } from 'react';
import { Link, Navigate, type RouteObject, useRouteError } from 'react-router';
import { Root } from './Root';

/** A page loaded when somebody goes there. */
const page =
  (load: () => Promise<{ default: ComponentType }>): RouteObject['lazy'] =>
  async () => ({ Component: (await load()).default });

function NotFound() {
  return (
    <Page title="Nothing here">
      <EmptyState title="This page does not exist" action={<Link to="/orders">Go to sales orders</Link>}>
        The address may be old or mistyped. Press Ctrl K to find what you were looking for.
      </EmptyState>
    </Page>
  );
}

function Broken() {
  return (
    <main className="page">
      <ProblemNotice error={useRouteError()} onRetry={() => window.location.reload()} />
    </main>
  );
}

export const routes: RouteObject[] = [
  {
    path: '/',
    Component: Root,
    ErrorBoundary: Broken,
    HydrateFallback: () => null,
    children: [
      {
        ErrorBoundary: Broken,
        children: [
          { index: true, element: <Navigate to="/orders" replace /> },
          { path: 'orders', lazy: page(() => import('@features/orders/OrdersPage')) },
          { path: 'orders/:id', lazy: page(() => import('@features/orders/OrderPage')) },
          { path: 'waiting-lines', lazy: page(() => import('@features/orders/WaitingLinesPage')) },
          { path: 'fulfillment-orders', lazy: page(() => import('@features/fulfillment/FulfillmentOrdersPage')) },
          { path: 'fulfillment-orders/:id', lazy: page(() => import('@features/fulfillment/FulfillmentOrderPage')) },
          { path: 'my-work/messages', lazy: page(() => import('@features/providers/MessagesPage')) },
          { path: 'my-work/runs', lazy: page(() => import('@features/orchestration/RunsPage')) },
          { path: 'inventory', lazy: page(() => import('@features/inventory/InventoryPage')) },
          { path: 'inventory/promise', lazy: page(() => import('@features/inventory/AvailableToPromisePage')) },
          { path: 'inventory/reservations', lazy: page(() => import('@features/inventory/ReservationsPage')) },
          { path: 'inventory/allocations', lazy: page(() => import('@features/inventory/AllocationsPage')) },
          { path: 'inventory/supply', lazy: page(() => import('@features/inventory/SupplyPage')) },
          { path: 'inventory/feeds', lazy: page(() => import('@features/inventory/FeedsPage')) },
          { path: 'inventory/health', lazy: page(() => import('@features/inventory/StockHealthPage')) },
          { path: 'flows', lazy: page(() => import('@features/orchestration/FlowsPage')) },
          { path: 'flows/:name', lazy: page(() => import('@features/orchestration/FlowPage')) },
          { path: 'policies', lazy: page(() => import('@features/policies/PoliciesPage')) },
          { path: 'providers', lazy: page(() => import('@features/providers/InstalledPage')) },
          { path: 'providers/library', lazy: page(() => import('@features/providers/LibraryPage')) },
          { path: 'mappings', lazy: page(() => import('@features/providers/MappingsPage')) },
          { path: 'sources', lazy: page(() => import('@features/fulfillment-optimization/sources/SourcesPage')) },
          { path: 'source-lists', lazy: page(() => import('@features/fulfillment-optimization/sources/SourceListsPage')) },
          { path: 'constraints', lazy: page(() => import('@features/fulfillment-optimization/constraints/ConstraintsPage')) },
          { path: 'strategies', lazy: page(() => import('@features/fulfillment-optimization/strategies/StrategiesPage')) },
          { path: 'calendars', lazy: page(() => import('@features/fulfillment-optimization/schedules/CalendarsPage')) },
          { path: 'carriers', lazy: page(() => import('@features/fulfillment-optimization/schedules/CarriersPage')) },
          { path: 'pickup-schedules', lazy: page(() => import('@features/fulfillment-optimization/schedules/PickupSchedulesPage')) },
          { path: 'rate-tables', lazy: page(() => import('@features/fulfillment-optimization/rates/RateTablesPage')) },
          { path: 'plans', lazy: page(() => import('@features/fulfillment-optimization/plans/PlansPage')) },
          { path: 'plans/:id', lazy: page(() => import('@features/fulfillment-optimization/plans/PlanPage')) },
          { path: 'shadow-prices', lazy: page(() => import('@features/fulfillment-optimization/plans/ShadowPricesPage')) },
          { path: 'simulations', lazy: page(() => import('@features/fulfillment-optimization/simulations/SimulationsPage')) },
          { path: 'simulations/new', lazy: page(() => import('@features/fulfillment-optimization/simulations/SimulationWizard')) },
          {
            path: 'simulations/compare',
            lazy: page(() => import('@features/fulfillment-optimization/simulations/CompareSimulationsPage')),
          },
          { path: 'simulations/:id', lazy: page(() => import('@features/fulfillment-optimization/simulations/SimulationPage')) },
          { path: 'quote', lazy: page(() => import('@features/fulfillment-optimization/quote/QuotePage')) },
          { path: '*', Component: NotFound },
        ],
      },
    ],
  },
];
