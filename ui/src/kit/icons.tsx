import {
  ApartmentOutlined as ApartmentOutlinedIcon,
  ApiOutlined as ApiOutlinedIcon,
  AppstoreOutlined as AppstoreOutlinedIcon,
  ArrowDownOutlined as ArrowDownOutlinedIcon,
  ArrowUpOutlined as ArrowUpOutlinedIcon,
  BranchesOutlined as BranchesOutlinedIcon,
  CarOutlined as CarOutlinedIcon,
  CheckCircleFilled as CheckCircleFilledIcon,
  CheckCircleOutlined as CheckCircleOutlinedIcon,
  CheckOutlined as CheckOutlinedIcon,
  ClockCircleOutlined as ClockCircleOutlinedIcon,
  CloseCircleFilled as CloseCircleFilledIcon,
  CloseCircleOutlined as CloseCircleOutlinedIcon,
  CloseOutlined as CloseOutlinedIcon,
  ColumnHeightOutlined as ColumnHeightOutlinedIcon,
  CopyOutlined as CopyOutlinedIcon,
  DatabaseOutlined as DatabaseOutlinedIcon,
  DownloadOutlined as DownloadOutlinedIcon,
  EnvironmentOutlined as EnvironmentOutlinedIcon,
  ExclamationCircleFilled as ExclamationCircleFilledIcon,
  EyeFilled as EyeFilledIcon,
  EyeOutlined as EyeOutlinedIcon,
  FileProtectOutlined as FileProtectOutlinedIcon,
  FileSyncOutlined as FileSyncOutlinedIcon,
  FilterOutlined as FilterOutlinedIcon,
  FlagOutlined as FlagOutlinedIcon,
  HomeOutlined as HomeOutlinedIcon,
  ImportOutlined as ImportOutlinedIcon,
  InboxOutlined as InboxOutlinedIcon,
  KeyOutlined as KeyOutlinedIcon,
  LeftOutlined as LeftOutlinedIcon,
  LineChartOutlined as LineChartOutlinedIcon,
  LinkOutlined as LinkOutlinedIcon,
  LockOutlined as LockOutlinedIcon,
  LogoutOutlined as LogoutOutlinedIcon,
  MenuOutlined as MenuOutlinedIcon,
  MergeOutlined as MergeOutlinedIcon,
  MessageOutlined as MessageOutlinedIcon,
  MinusCircleOutlined as MinusCircleOutlinedIcon,
  MoonOutlined as MoonOutlinedIcon,
  PartitionOutlined as PartitionOutlinedIcon,
  PauseCircleFilled as PauseCircleFilledIcon,
  PauseOutlined as PauseOutlinedIcon,
  PieChartOutlined as PieChartOutlinedIcon,
  PlayCircleOutlined as PlayCircleOutlinedIcon,
  PlusCircleOutlined as PlusCircleOutlinedIcon,
  PlusOutlined as PlusOutlinedIcon,
  PushpinFilled as PushpinFilledIcon,
  QuestionCircleOutlined as QuestionCircleOutlinedIcon,
  RedoOutlined as RedoOutlinedIcon,
  RightOutlined as RightOutlinedIcon,
  RollbackOutlined as RollbackOutlinedIcon,
  SafetyCertificateOutlined as SafetyCertificateOutlinedIcon,
  SearchOutlined as SearchOutlinedIcon,
  ShoppingCartOutlined as ShoppingCartOutlinedIcon,
  StopOutlined as StopOutlinedIcon,
  SunOutlined as SunOutlinedIcon,
  SwapOutlined as SwapOutlinedIcon,
  SyncOutlined as SyncOutlinedIcon,
  TableOutlined as TableOutlinedIcon,
  ThunderboltFilled as ThunderboltFilledIcon,
  ThunderboltOutlined as ThunderboltOutlinedIcon,
  UnlockOutlined as UnlockOutlinedIcon,
  UserOutlined as UserOutlinedIcon,
  VerticalAlignMiddleOutlined as VerticalAlignMiddleOutlinedIcon,
  CalendarOutlined as CalendarOutlinedIcon,
  DollarOutlined as DollarOutlinedIcon,
  HourglassOutlined as HourglassOutlinedIcon,
  ScheduleOutlined as ScheduleOutlinedIcon,
  TruckOutlined as TruckOutlinedIcon,
} from '@ant-design/icons';
import type { ComponentProps, ComponentType } from 'react';

type IconProps = ComponentProps<typeof CloseOutlinedIcon>;

/** Ant Design gives every icon its file name as label. These icons are hidden from screen readers unless they have an aria-label. */
function silent(Icon: ComponentType<IconProps>): ComponentType<IconProps> {
  return function Silent(props) {
    return props['aria-label'] === undefined ? (
      <Icon {...props} aria-hidden="true" role="presentation" aria-label="" />
    ) : (
      <Icon {...props} />
    );
  };
}

export const ApartmentOutlined = silent(ApartmentOutlinedIcon);
export const ApiOutlined = silent(ApiOutlinedIcon);
export const AppstoreOutlined = silent(AppstoreOutlinedIcon);
export const ArrowDownOutlined = silent(ArrowDownOutlinedIcon);
export const ArrowUpOutlined = silent(ArrowUpOutlinedIcon);
export const BranchesOutlined = silent(BranchesOutlinedIcon);
export const CarOutlined = silent(CarOutlinedIcon);
export const CheckCircleFilled = silent(CheckCircleFilledIcon);
export const CheckCircleOutlined = silent(CheckCircleOutlinedIcon);
export const CheckOutlined = silent(CheckOutlinedIcon);
export const ClockCircleOutlined = silent(ClockCircleOutlinedIcon);
export const CloseCircleFilled = silent(CloseCircleFilledIcon);
export const CloseCircleOutlined = silent(CloseCircleOutlinedIcon);
export const CloseOutlined = silent(CloseOutlinedIcon);
export const ColumnHeightOutlined = silent(ColumnHeightOutlinedIcon);
export const CopyOutlined = silent(CopyOutlinedIcon);
export const DatabaseOutlined = silent(DatabaseOutlinedIcon);
export const DownloadOutlined = silent(DownloadOutlinedIcon);
export const EnvironmentOutlined = silent(EnvironmentOutlinedIcon);
export const ExclamationCircleFilled = silent(ExclamationCircleFilledIcon);
export const EyeFilled = silent(EyeFilledIcon);
export const EyeOutlined = silent(EyeOutlinedIcon);
export const FileProtectOutlined = silent(FileProtectOutlinedIcon);
export const FileSyncOutlined = silent(FileSyncOutlinedIcon);
export const FilterOutlined = silent(FilterOutlinedIcon);
export const FlagOutlined = silent(FlagOutlinedIcon);
export const HomeOutlined = silent(HomeOutlinedIcon);
export const ImportOutlined = silent(ImportOutlinedIcon);
export const InboxOutlined = silent(InboxOutlinedIcon);
export const KeyOutlined = silent(KeyOutlinedIcon);
export const LeftOutlined = silent(LeftOutlinedIcon);
export const LineChartOutlined = silent(LineChartOutlinedIcon);
export const LinkOutlined = silent(LinkOutlinedIcon);
export const LockOutlined = silent(LockOutlinedIcon);
export const LogoutOutlined = silent(LogoutOutlinedIcon);
export const MenuOutlined = silent(MenuOutlinedIcon);
export const MergeOutlined = silent(MergeOutlinedIcon);
export const MessageOutlined = silent(MessageOutlinedIcon);
export const MinusCircleOutlined = silent(MinusCircleOutlinedIcon);
export const MoonOutlined = silent(MoonOutlinedIcon);
export const PartitionOutlined = silent(PartitionOutlinedIcon);
export const PauseCircleFilled = silent(PauseCircleFilledIcon);
export const PauseOutlined = silent(PauseOutlinedIcon);
export const PieChartOutlined = silent(PieChartOutlinedIcon);
export const PlayCircleOutlined = silent(PlayCircleOutlinedIcon);
export const PlusCircleOutlined = silent(PlusCircleOutlinedIcon);
export const PlusOutlined = silent(PlusOutlinedIcon);
export const PushpinFilled = silent(PushpinFilledIcon);
export const QuestionCircleOutlined = silent(QuestionCircleOutlinedIcon);
export const RedoOutlined = silent(RedoOutlinedIcon);
export const RightOutlined = silent(RightOutlinedIcon);
export const RollbackOutlined = silent(RollbackOutlinedIcon);
export const SafetyCertificateOutlined = silent(SafetyCertificateOutlinedIcon);
export const SearchOutlined = silent(SearchOutlinedIcon);
export const ShoppingCartOutlined = silent(ShoppingCartOutlinedIcon);
export const StopOutlined = silent(StopOutlinedIcon);
export const SunOutlined = silent(SunOutlinedIcon);
export const SwapOutlined = silent(SwapOutlinedIcon);
export const SyncOutlined = silent(SyncOutlinedIcon);
export const TableOutlined = silent(TableOutlinedIcon);
export const ThunderboltFilled = silent(ThunderboltFilledIcon);
export const ThunderboltOutlined = silent(ThunderboltOutlinedIcon);
export const UnlockOutlined = silent(UnlockOutlinedIcon);
export const UserOutlined = silent(UserOutlinedIcon);
export const VerticalAlignMiddleOutlined = silent(VerticalAlignMiddleOutlinedIcon);
export const CalendarOutlined = silent(CalendarOutlinedIcon);
export const DollarOutlined = silent(DollarOutlinedIcon);
export const HourglassOutlined = silent(HourglassOutlinedIcon);
export const ScheduleOutlined = silent(ScheduleOutlinedIcon);
export const TruckOutlined = silent(TruckOutlinedIcon);
