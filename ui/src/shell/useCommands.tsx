import { getOrder, type OrderAction, type OrderDetail } from '@client/orders';
import { orderActions } from '@features/orders/orderActions';
import type { BulkAction } from '@kit/list';
import { usePreferences } from '@kit/preferences';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'react-router';
import { hasPermission } from './navigationItems';

/** What the palette can do besides opening a page. */
export interface Command {
  label: string;
  detail: string;
  keywords: string;
  disabled?: boolean;
  /** A page that it opens, an action on an order that it asks to confirm, or what it runs. */
  path?: string;
  order?: { order: OrderDetail; action: BulkAction };
  run?: () => void;
}

const creations = [
  { label: 'New order', keywords: 'create by hand phone', path: '/orders/new', permission: 'orders.write' },
  { label: 'New simulation', keywords: 'create what if', path: '/simulations/new', permission: 'sourcing.read' },
  { label: 'New quote', keywords: 'create cart promise', path: '/quote', permission: 'sourcing.read' },
  { label: 'Install a provider', keywords: 'create connect store 3pl', path: '/providers/library', permission: 'providers.read' },
] as const;

const headerActions = ['release', 'hold', 'recall', 'recall_cancel', 'cancel'] as const satisfies readonly OrderAction[];

/** The actions on the order in view; those that are not possible now say why. */
function useOrderCommands(permissions: readonly string[]): Command[] {
  const id = /^\/orders\/([0-9a-f-]{36})$/.exec(useLocation().pathname)?.[1];
  const mayWrite = hasPermission(permissions, 'orders.write');
  const order = useQuery({
    queryKey: ['order', id ?? ''],
    queryFn: () => getOrder(id ?? ''),
    enabled: id !== undefined && mayWrite,
  }).data;
  if (!order || !mayWrite) return [];
  const permits = { ...order.actions, recall_cancel: order.actions.recall };
  return headerActions
    .map((name) => ({
      label: `${orderActions[name].label} order ${order.number}`,
      detail: permits[name].allowed ? '' : `Not possible: ${permits[name].reason}`,
      keywords: `this order ${name}`,
      disabled: !permits[name].allowed,
      order: { order, action: orderActions[name] },
    }))
    .toSorted((one, other) => Number(one.disabled) - Number(other.disabled));
}

/** The commands of the palette: actions on the order in view, what can be created, and settings of this device. */
export function useCommands(permissions: readonly string[], session: { onSignOut: () => void; onShortcuts: () => void }): Command[] {
  const { mode, density, setMode, setDensity } = usePreferences();
  const otherMode = mode === 'dark' ? 'light' : 'dark';
  const otherDensity = density === 'compact' ? 'comfortable' : 'compact';
  return [
    ...useOrderCommands(permissions),
    ...creations
      .filter((item) => hasPermission(permissions, item.permission))
      .map(({ label, keywords, path }) => ({ label, keywords, path, detail: '' })),
    { label: `Switch to ${otherMode}`, detail: '', keywords: 'theme mode colors', run: () => setMode(otherMode) },
    { label: `Switch to ${otherDensity} rows`, detail: '', keywords: 'density height', run: () => setDensity(otherDensity) },
    { label: 'Keyboard shortcuts', detail: '', keywords: 'help keys', run: session.onShortcuts },
    { label: 'Sign out', detail: '', keywords: 'log out session', run: session.onSignOut },
  ];
}
