import type {
    AllocationMove,
    AllocationRow,
    Balances,
    ChainDay,
    FeedFile,
    GroupRow,
    Health,
    LedgerEntry,
    OrderLine,
    Pool,
    ReservationRow,
    Shape,
    StockKey,
    SupplyLine,
    Timeline,
} from '@client/inventory';

export const shape: Shape;
export const groups: GroupRow[];
export const keys: StockKey[];
export const key: StockKey;
export const balances: Balances;
export const ledger: LedgerEntry[];
export const chain: ChainDay[];
export const health: Health;
export const wrong: Health['wrong'];
export const reservations: ReservationRow[];
export const lines: OrderLine[];
export const allocations: AllocationRow[];
export const pools: Pool[];
export const moves: AllocationMove[];
export const supply: SupplyLine[];
export const feeds: FeedFile[];
export const timelines: Timeline[];
