import { EmptyState, ProblemNotice } from '@kit/feedback';
import { Page } from '@kit/layout';
import { type ComponentType } from 'react';
import { Link, type RouteObject, useRouteError } from 'react-router';
import { Root } from './Root';

/** A page loaded on first navigation. */
const lazyPage =
  (load: () => Promise<{ default: ComponentType }>): RouteObject['lazy'] =>
  async () => ({ Component: (await load()).default });

function NotFound() {
  return (
    <Page title="Page not found">
      <EmptyState title="This page does not exist" action={<Link to="/orders">Go to sales orders</Link>}>
        Check the address, or press Ctrl K to search.
      </EmptyState>
    </Page>
  );
}

function RouteError() {
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
    ErrorBoundary: RouteError,
    HydrateFallback: () => null,
    children: [
      {
        ErrorBoundary: RouteError,
        children: [
          { index: true, lazy: lazyPage(() => import('@features/home/HomePage')) },
          { path: 'orders', lazy: lazyPage(() => import('@features/orders/OrdersPage')) },
          { path: 'orders/new', lazy: lazyPage(() => import('@features/orders/new/NewOrderPage')) },
          { path: 'orders/:id', lazy: lazyPage(() => import('@features/orders/OrderPage')) },
          { path: 'waiting-lines', lazy: lazyPage(() => import('@features/orders/WaitingLinesPage')) },
          { path: 'fulfillment-orders', lazy: lazyPage(() => import('@features/fulfillment/FulfillmentOrdersPage')) },
          { path: 'orders/:id/edit', lazy: lazyPage(() => import('@features/orders/change/EditOrderPage')) },
          { path: 'fulfillment-orders/:id', lazy: lazyPage(() => import('@features/fulfillment/FulfillmentOrderPage')) },
          { path: 'payments', lazy: lazyPage(() => import('@features/orders/payments/PaymentsPage')) },
          { path: 'returns', lazy: lazyPage(() => import('@features/returns/ReturnsPage')) },
          { path: 'returns/receive', lazy: lazyPage(() => import('@features/returns/ReceivePage')) },
          { path: 'returns/:id', lazy: lazyPage(() => import('@features/returns/ReturnPage')) },
          { path: 'my-work/messages', lazy: lazyPage(() => import('@features/providers/MessagesPage')) },
          { path: 'my-work/runs', lazy: lazyPage(() => import('@features/orchestration/RunsPage')) },
          { path: 'inventory', lazy: lazyPage(() => import('@features/inventory/InventoryPage')) },
          { path: 'inventory/promise', lazy: lazyPage(() => import('@features/inventory/AvailableToPromisePage')) },
          { path: 'inventory/reservations', lazy: lazyPage(() => import('@features/inventory/ReservationsPage')) },
          { path: 'inventory/allocations', lazy: lazyPage(() => import('@features/inventory/AllocationsPage')) },
          { path: 'inventory/supply', lazy: lazyPage(() => import('@features/inventory/SupplyPage')) },
          { path: 'inventory/feeds', lazy: lazyPage(() => import('@features/inventory/FeedsPage')) },
          { path: 'inventory/health', lazy: lazyPage(() => import('@features/inventory/StockHealthPage')) },
          { path: 'flows', lazy: lazyPage(() => import('@features/orchestration/FlowsPage')) },
          { path: 'flows/:name', lazy: lazyPage(() => import('@features/orchestration/FlowPage')) },
          { path: 'policies', lazy: lazyPage(() => import('@features/policies/PoliciesPage')) },
          { path: 'providers', lazy: lazyPage(() => import('@features/providers/InstalledPage')) },
          { path: 'providers/library', lazy: lazyPage(() => import('@features/providers/LibraryPage')) },
          { path: 'providers/new', lazy: lazyPage(() => import('@features/providers/NewInstancePage')) },
          { path: 'providers/:name', lazy: lazyPage(() => import('@features/providers/InstancePage')) },
          { path: 'mappings', lazy: lazyPage(() => import('@features/providers/MappingsPage')) },
          { path: 'sources', lazy: lazyPage(() => import('@features/fulfillment-optimization/sources/SourcesPage')) },
          { path: 'source-lists', lazy: lazyPage(() => import('@features/fulfillment-optimization/sources/SourceListsPage')) },
          { path: 'constraints', lazy: lazyPage(() => import('@features/fulfillment-optimization/constraints/ConstraintsPage')) },
          { path: 'strategies', lazy: lazyPage(() => import('@features/fulfillment-optimization/strategies/StrategiesPage')) },
          { path: 'notice-templates', lazy: lazyPage(() => import('@features/notices/NoticeTemplatesPage')) },
          { path: 'calendars', lazy: lazyPage(() => import('@features/fulfillment-optimization/schedules/CalendarsPage')) },
          { path: 'carriers', lazy: lazyPage(() => import('@features/fulfillment-optimization/schedules/CarriersPage')) },
          { path: 'pickup-schedules', lazy: lazyPage(() => import('@features/fulfillment-optimization/schedules/PickupSchedulesPage')) },
          { path: 'rate-tables', lazy: lazyPage(() => import('@features/fulfillment-optimization/rates/RateTablesPage')) },
          { path: 'plans', lazy: lazyPage(() => import('@features/fulfillment-optimization/plans/PlansPage')) },
          { path: 'plans/:id', lazy: lazyPage(() => import('@features/fulfillment-optimization/plans/PlanPage')) },
          { path: 'shadow-prices', lazy: lazyPage(() => import('@features/fulfillment-optimization/plans/ShadowPricesPage')) },
          { path: 'simulations', lazy: lazyPage(() => import('@features/fulfillment-optimization/simulations/SimulationsPage')) },
          { path: 'simulations/new', lazy: lazyPage(() => import('@features/fulfillment-optimization/simulations/SimulationWizard')) },
          {
            path: 'simulations/compare',
            lazy: lazyPage(() => import('@features/fulfillment-optimization/simulations/CompareSimulationsPage')),
          },
          { path: 'simulations/:id', lazy: lazyPage(() => import('@features/fulfillment-optimization/simulations/SimulationPage')) },
          { path: 'quote', lazy: lazyPage(() => import('@features/fulfillment-optimization/quote/QuotePage')) },
          { path: 'settings/users', lazy: lazyPage(() => import('@features/administration/UsersPage')) },
          { path: 'settings/roles', lazy: lazyPage(() => import('@features/administration/RolesPage')) },
          { path: 'settings/api-tokens', lazy: lazyPage(() => import('@features/administration/TokensPage')) },
          { path: '*', Component: NotFound },
        ],
      },
    ],
  },
];
