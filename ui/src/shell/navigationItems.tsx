import {
  ApartmentOutlined,
  ApiOutlined,
  AppstoreOutlined,
  BranchesOutlined,
  CalendarOutlined,
  CarOutlined,
  ClockCircleOutlined,
  ColumnHeightOutlined,
  DatabaseOutlined,
  DollarOutlined,
  EnvironmentOutlined,
  FileProtectOutlined,
  FileSyncOutlined,
  FlagOutlined,
  HomeOutlined,
  HourglassOutlined,
  ImportOutlined,
  InboxOutlined,
  KeyOutlined,
  LineChartOutlined,
  LockOutlined,
  MenuOutlined,
  PartitionOutlined,
  PieChartOutlined,
  PlayCircleOutlined,
  SafetyCertificateOutlined,
  RollbackOutlined,
  ScheduleOutlined,
  ShoppingCartOutlined,
  SwapOutlined,
  ThunderboltOutlined,
  TruckOutlined,
  UnlockOutlined,
  UserOutlined,
} from '@kit/icons';
import type { ReactNode } from 'react';

export interface PageLink {
  path: string;
  title: string;
  icon: ReactNode;
  /** Additional search terms. */
  keywords: string;
  /** What the user must be allowed; empty for a page that shows everybody what they may see. */
  permission: string;
}

export interface NavigationArea {
  title: string;
  /** Whether the area is open until the user closes it. */
  openByDefault: boolean;
  /** The pages that matter most come first. */
  pages: readonly PageLink[];
}

/** The pages of the navigation by area. */
export const navigationGroups: readonly NavigationArea[] = [
  {
    title: 'My work',
    openByDefault: true,
    pages: [
      {
        path: '/',
        title: 'Home',
        icon: <HomeOutlined />,
        keywords: 'start overview today blocked late needs attention',
        permission: '',
      },
      {
        path: '/my-work/messages',
        title: 'Parked messages',
        icon: <InboxOutlined />,
        keywords: 'exceptions inbox missing mapping replay',
        permission: 'providers.read',
      },
      {
        path: '/my-work/runs',
        title: 'Failed runs',
        icon: <ThunderboltOutlined />,
        keywords: 'exceptions reprocess errors flow runs',
        permission: 'orchestration.read',
      },
    ],
  },
  {
    title: 'Orders',
    openByDefault: true,
    pages: [
      { path: '/orders', title: 'Sales orders', icon: <ShoppingCartOutlined />, keywords: 'orders list', permission: 'orders.read' },
      {
        path: '/waiting-lines',
        title: 'Waiting lines',
        icon: <HourglassOutlined />,
        keywords: 'backorders preorders queue stock launch',
        permission: 'orders.read',
      },
      {
        path: '/fulfillment-orders',
        title: 'Fulfillment orders',
        icon: <CarOutlined />,
        keywords: 'shipments tracking',
        permission: 'fulfillment.read',
      },
      {
        path: '/payments',
        title: 'Payments',
        icon: <DollarOutlined />,
        keywords: 'captures refunds authorizations failed money',
        permission: 'payments.read',
      },
      {
        path: '/returns',
        title: 'Returns',
        icon: <RollbackOutlined />,
        keywords: 'rma refunds exchanges receive inspect',
        permission: 'returns.read',
      },
    ],
  },
  {
    title: 'Inventory',
    openByDefault: true,
    pages: [
      {
        path: '/inventory',
        title: 'Visibility',
        icon: <DatabaseOutlined />,
        keywords: 'stock on hand inventory ledger',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/promise',
        title: 'Available to promise',
        icon: <LineChartOutlined />,
        keywords: 'atp promise timeline days when',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/reservations',
        title: 'Reservations',
        icon: <LockOutlined />,
        keywords: 'soft reservations expiring release',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/allocations',
        title: 'Allocations',
        icon: <PieChartOutlined />,
        keywords: 'allocation pools channel customer group',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/supply',
        title: 'Supply orders',
        icon: <ImportOutlined />,
        keywords: 'purchase transfer orders receive expected',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/feeds',
        title: 'Inventory feed',
        icon: <FileSyncOutlined />,
        keywords: 'feed files errors import',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/health',
        title: 'Stock health',
        icon: <SafetyCertificateOutlined />,
        keywords: 'reconciliation discrepancies ledger seal',
        permission: 'inventory.read',
      },
    ],
  },
  {
    title: 'Orchestration',
    openByDefault: false,
    pages: [
      {
        path: '/flows',
        title: 'Flows',
        icon: <PartitionOutlined />,
        keywords: 'orchestration run designer',
        permission: 'orchestration.read',
      },
      { path: '/policies', title: 'Policies', icon: <ApartmentOutlined />, keywords: 'decision tables rules', permission: 'policies.read' },
    ],
  },
  {
    title: 'Providers',
    openByDefault: false,
    pages: [
      { path: '/providers', title: 'Installed', icon: <ApiOutlined />, keywords: 'connections probe poll', permission: 'providers.read' },
      {
        path: '/providers/library',
        title: 'Library',
        icon: <AppstoreOutlined />,
        keywords: 'catalog install',
        permission: 'providers.read',
      },
      {
        path: '/mappings',
        title: 'Mappings',
        icon: <SwapOutlined />,
        keywords: 'id mapping external internal',
        permission: 'providers.read',
      },
    ],
  },
  {
    title: 'Fulfillment optimization',
    openByDefault: false,
    pages: [
      {
        path: '/sources',
        title: 'Sources',
        icon: <EnvironmentOutlined />,
        keywords: 'warehouses stores map',
        permission: 'sourcing.read',
      },
      {
        path: '/source-lists',
        title: 'Source lists',
        icon: <MenuOutlined />,
        keywords: 'groups of sources',
        permission: 'sourcing.read',
      },
      {
        path: '/constraints',
        title: 'Constraints',
        icon: <FileProtectOutlined />,
        keywords: 'rules distance split safety stock priority',
        permission: 'sourcing.read',
      },
      {
        path: '/strategies',
        title: 'Strategies',
        icon: <FlagOutlined />,
        keywords: 'weights objective batch alternate default',
        permission: 'sourcing.read',
      },
      {
        path: '/quote',
        title: 'Quote',
        icon: <ClockCircleOutlined />,
        keywords: 'promise date cart pickup rates try',
        permission: 'sourcing.read',
      },
      {
        path: '/plans',
        title: 'Plans',
        icon: <BranchesOutlined />,
        keywords: 'sourcing runs cost gap explain why',
        permission: 'sourcing.read',
      },
      {
        path: '/shadow-prices',
        title: 'Shadow prices',
        icon: <ColumnHeightOutlined />,
        keywords: 'value of stock capacity savings',
        permission: 'sourcing.read',
      },
      {
        path: '/simulations',
        title: 'Simulations',
        icon: <PlayCircleOutlined />,
        keywords: 'what if scenario compare commit',
        permission: 'sourcing.read',
      },
    ],
  },
  {
    title: 'Logistics',
    openByDefault: false,
    pages: [
      {
        path: '/carriers',
        title: 'Carriers',
        icon: <TruckOutlined />,
        keywords: 'services transit days',
        permission: 'configuration.read',
      },
      {
        path: '/calendars',
        title: 'Working calendars',
        icon: <CalendarOutlined />,
        keywords: 'hours holidays closed days open week',
        permission: 'configuration.read',
      },
      {
        path: '/pickup-schedules',
        title: 'Pickup schedules',
        icon: <ScheduleOutlined />,
        keywords: 'carrier pickup collection times',
        permission: 'configuration.read',
      },
      {
        path: '/rate-tables',
        title: 'Rate tables',
        icon: <DollarOutlined />,
        keywords: 'shipping rate factors zones weight prices fallback',
        permission: 'configuration.read',
      },
    ],
  },
  {
    title: 'Settings',
    openByDefault: false,
    pages: [
      {
        path: '/notice-templates',
        title: 'Notice templates',
        icon: <InboxOutlined />,
        keywords: 'e-mail mail message customer token preview',
        permission: 'configuration.read',
      },
      {
        path: '/settings/users',
        title: 'Users',
        icon: <UserOutlined />,
        keywords: 'people sign in password deactivate',
        permission: 'administration.read',
      },
      {
        path: '/settings/roles',
        title: 'Roles',
        icon: <UnlockOutlined />,
        keywords: 'permissions access rights',
        permission: 'administration.read',
      },
      {
        path: '/settings/api-tokens',
        title: 'API tokens',
        icon: <KeyOutlined />,
        keywords: 'programs access integration revoke',
        permission: 'administration.read',
      },
    ],
  },
];

export const allPages: readonly PageLink[] = navigationGroups.flatMap((area) => area.pages);
export const hasPermission = (permissions: readonly string[], permission: string): boolean =>
  permission === '' || permissions.includes('*') || permissions.includes(permission);

const belongsTo = (pathname: string, page: PageLink): boolean => pathname === page.path || pathname.startsWith(`${page.path}/`);

/** The entry that a page belongs to: the one with the longest path that leads to it. */
export const entryOf = (pathname: string): PageLink | undefined =>
  allPages.filter((page) => belongsTo(pathname, page)).sort((one, other) => other.path.length - one.path.length)[0];

/** The area of a page or of a page below it. */
export const areaOf = (pathname: string): NavigationArea | undefined =>
  navigationGroups.find((area) => area.pages.some((page) => belongsTo(pathname, page)));
