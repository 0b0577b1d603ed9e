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
  HourglassOutlined,
  ImportOutlined,
  InboxOutlined,
  LineChartOutlined,
  LockOutlined,
  MenuOutlined,
  PartitionOutlined,
  PieChartOutlined,
  PlayCircleOutlined,
  SafetyCertificateOutlined,
  ScheduleOutlined,
  ShoppingCartOutlined,
  SwapOutlined,
  ThunderboltOutlined,
  TruckOutlined,
} from '@kit/icons';
import type { ReactNode } from 'react';

export interface PageLink {
  path: string;
  title: string;
  icon: ReactNode;
  /** What a person may type to find it. */
  words: string;
  permission: string;
}

/** The navigation. A page that does not exist yet is not shown. */
export const areas: readonly { title: string; pages: readonly PageLink[] }[] = [
  {
    title: 'My work',
    pages: [
      {
        path: '/my-work/messages',
        title: 'Parked messages',
        icon: <InboxOutlined />,
        words: 'exceptions inbox missing mapping replay',
        permission: 'providers.read',
      },
      {
        path: '/my-work/runs',
        title: 'Failed runs',
        icon: <ThunderboltOutlined />,
        words: 'exceptions reprocess errors flowRuns',
        permission: 'orchestration.read',
      },
    ],
  },
  {
    title: 'Orders',
    pages: [
      { path: '/orders', title: 'Sales orders', icon: <ShoppingCartOutlined />, words: 'orders list', permission: 'orders.read' },
      {
        path: '/waiting-lines',
        title: 'Waiting lines',
        icon: <HourglassOutlined />,
        words: 'backorders preorders queue stock launch',
        permission: 'orders.read',
      },
      {
        path: '/fulfillment-orders',
        title: 'Fulfillment orders',
        icon: <CarOutlined />,
        words: 'shipments tracking',
        permission: 'fulfillment.read',
      },
    ],
  },
  {
    title: 'Inventory',
    pages: [
      {
        path: '/inventory',
        title: 'Visibility',
        icon: <DatabaseOutlined />,
        words: 'stock on hand inventory ledger',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/promise',
        title: 'Available to promise',
        icon: <LineChartOutlined />,
        words: 'atp promise timeline days when',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/reservations',
        title: 'Reservations',
        icon: <LockOutlined />,
        words: 'soft reservations held expiring release',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/allocations',
        title: 'Allocations',
        icon: <PieChartOutlined />,
        words: 'allocation pools channel customer group',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/supply',
        title: 'Supply orders',
        icon: <ImportOutlined />,
        words: 'purchase transfer orders receive expected',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/feeds',
        title: 'Inventory feed',
        icon: <FileSyncOutlined />,
        words: 'feed files errors import',
        permission: 'inventory.read',
      },
      {
        path: '/inventory/health',
        title: 'Stock health',
        icon: <SafetyCertificateOutlined />,
        words: 'checker drift ledger chain sealed',
        permission: 'inventory.read',
      },
    ],
  },
  {
    title: 'Orchestration',
    pages: [
      {
        path: '/flows',
        title: 'Flows',
        icon: <PartitionOutlined />,
        words: 'orchestration run designer',
        permission: 'orchestration.read',
      },
      { path: '/policies', title: 'Policies', icon: <ApartmentOutlined />, words: 'decision tables rules', permission: 'policies.read' },
    ],
  },
  {
    title: 'Providers',
    pages: [
      { path: '/providers', title: 'Installed', icon: <ApiOutlined />, words: 'connections probe poll', permission: 'providers.read' },
      { path: '/providers/library', title: 'Library', icon: <AppstoreOutlined />, words: 'catalog install', permission: 'providers.read' },
      { path: '/mappings', title: 'Mappings', icon: <SwapOutlined />, words: 'id mapping external internal', permission: 'providers.read' },
    ],
  },
  {
    title: 'Fulfillment optimization',
    pages: [
      {
        path: '/sources',
        title: 'Sources',
        icon: <EnvironmentOutlined />,
        words: 'warehouses stores map',
        permission: 'sourcing.read',
      },
      {
        path: '/source-lists',
        title: 'Source lists',
        icon: <MenuOutlined />,
        words: 'groups of sources',
        permission: 'sourcing.read',
      },
      {
        path: '/constraints',
        title: 'Constraints',
        icon: <FileProtectOutlined />,
        words: 'rules distance split safety stock priority',
        permission: 'sourcing.read',
      },
      {
        path: '/strategies',
        title: 'Strategies',
        icon: <FlagOutlined />,
        words: 'weights objective batch alternate default',
        permission: 'sourcing.read',
      },
      {
        path: '/calendars',
        title: 'Working calendars',
        icon: <CalendarOutlined />,
        words: 'hours holidays closed days open week',
        permission: 'configuration.read',
      },
      {
        path: '/carriers',
        title: 'Carriers',
        icon: <TruckOutlined />,
        words: 'services transit days',
        permission: 'configuration.read',
      },
      {
        path: '/pickup-schedules',
        title: 'Pickup schedules',
        icon: <ScheduleOutlined />,
        words: 'carrier calls collection times',
        permission: 'configuration.read',
      },
      {
        path: '/rate-tables',
        title: 'Rate tables',
        icon: <DollarOutlined />,
        words: 'shipping rate factors zones weight prices fallback',
        permission: 'configuration.read',
      },
      {
        path: '/plans',
        title: 'Plans',
        icon: <BranchesOutlined />,
        words: 'sourcing runs cost gap explain why',
        permission: 'sourcing.read',
      },
      {
        path: '/shadow-prices',
        title: 'Shadow prices',
        icon: <ColumnHeightOutlined />,
        words: 'worth of stock capacity saves',
        permission: 'sourcing.read',
      },
      {
        path: '/simulations',
        title: 'Simulations',
        icon: <PlayCircleOutlined />,
        words: 'what if scenario compare commit',
        permission: 'sourcing.read',
      },
      {
        path: '/quote',
        title: 'Quote',
        icon: <ClockCircleOutlined />,
        words: 'promise date cart pickup rates try',
        permission: 'sourcing.read',
      },
    ],
  },
];

export const allPages: readonly PageLink[] = areas.flatMap((area) => area.pages);
export const mayDo = (permissions: readonly string[], permission: string): boolean =>
  permissions.includes('*') || permissions.includes(permission);
