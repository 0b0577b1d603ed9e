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
          { path: 'orders', lazy: page(() => import('@rooms/orders/OrdersPage')) },
          { path: 'orders/:id', lazy: page(() => import('@rooms/orders/OrderPage')) },
          { path: 'waiting-lines', lazy: page(() => import('@rooms/orders/WaitingPage')) },
          { path: 'fulfillment-orders', lazy: page(() => import('@rooms/fulfillment/FulfillmentOrdersPage')) },
          { path: 'fulfillment-orders/:id', lazy: page(() => import('@rooms/fulfillment/FulfillmentOrderPage')) },
          { path: 'my-work/messages', lazy: page(() => import('@rooms/providers/MessagesPage')) },
          { path: 'my-work/runs', lazy: page(() => import('@rooms/orchestration/RunsPage')) },
          { path: 'inventory', lazy: page(() => import('@rooms/inventory_visibility/InventoryPage')) },
          { path: 'inventory/promise', lazy: page(() => import('@rooms/inventory_visibility/PromisePage')) },
          { path: 'inventory/reservations', lazy: page(() => import('@rooms/inventory_visibility/ReservationsPage')) },
          { path: 'inventory/allocations', lazy: page(() => import('@rooms/inventory_visibility/AllocationsPage')) },
          { path: 'inventory/supply', lazy: page(() => import('@rooms/inventory_visibility/SupplyPage')) },
          { path: 'inventory/feeds', lazy: page(() => import('@rooms/inventory_visibility/FeedsPage')) },
          { path: 'inventory/health', lazy: page(() => import('@rooms/inventory_visibility/HealthPage')) },
          { path: 'flows', lazy: page(() => import('@rooms/orchestration/FlowsPage')) },
          { path: 'flows/:name', lazy: page(() => import('@rooms/orchestration/FlowPage')) },
          { path: 'policies', lazy: page(() => import('@rooms/policies/PoliciesPage')) },
          { path: 'providers', lazy: page(() => import('@rooms/providers/InstalledPage')) },
          { path: 'providers/library', lazy: page(() => import('@rooms/providers/LibraryPage')) },
          { path: 'mappings', lazy: page(() => import('@rooms/providers/MappingsPage')) },
          { path: 'sources', lazy: page(() => import('@rooms/fulfillment_optimization/SourcesPage')) },
          { path: 'source-lists', lazy: page(() => import('@rooms/fulfillment_optimization/SourceListsPage')) },
          { path: 'constraints', lazy: page(() => import('@rooms/fulfillment_optimization/ConstraintsPage')) },
          { path: 'strategies', lazy: page(() => import('@rooms/fulfillment_optimization/StrategiesPage')) },
          { path: 'calendars', lazy: page(() => import('@rooms/fulfillment_optimization/CalendarsPage')) },
          { path: 'carriers', lazy: page(() => import('@rooms/fulfillment_optimization/CarriersPage')) },
          { path: 'pickup-schedules', lazy: page(() => import('@rooms/fulfillment_optimization/PickupSchedulesPage')) },
          { path: 'rate-tables', lazy: page(() => import('@rooms/fulfillment_optimization/RateTablesPage')) },
          { path: 'plans', lazy: page(() => import('@rooms/fulfillment_optimization/PlansPage')) },
          { path: 'plans/:id', lazy: page(() => import('@rooms/fulfillment_optimization/PlanPage')) },
          { path: 'shadow-prices', lazy: page(() => import('@rooms/fulfillment_optimization/ShadowPricesPage')) },
          { path: 'simulations', lazy: page(() => import('@rooms/fulfillment_optimization/SimulationsPage')) },
          { path: 'simulations/new', lazy: page(() => import('@rooms/fulfillment_optimization/SimulationWizard')) },
          { path: 'simulations/compare', lazy: page(() => import('@rooms/fulfillment_optimization/ComparePage')) },
          { path: 'simulations/:id', lazy: page(() => import('@rooms/fulfillment_optimization/SimulationPage')) },
          { path: 'quote', lazy: page(() => import('@rooms/fulfillment_optimization/QuotePage')) },
          { path: '*', Component: NotFound },
        ],
      },
    ],
  },
];
