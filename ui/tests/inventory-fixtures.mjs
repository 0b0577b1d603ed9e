// The inventory API responses of a small company.
const now = Date.now();
const at = (minutes) => new Date(now - minutes * 60_000).toISOString();
const day = (days) => new Date(now + days * 86_400_000).toISOString().slice(0, 10);
const line = '0198a000-0000-7000-8000-000000009000';

const physical = (name, title = name) => ({ name: name.toLowerCase(), title, terms: [] });
export const shape = {
  own_organization: 'main',
  organizations: [''],
  atp_days: 30,
  reservable: ['iv', 'availabletoreserve'],
  allocation_groups: ['channel', 'customerGroup'],
  systems: [
    {
      name: 'iv',
      title: 'iv',
      read_only: false,
      measures: [
        physical('SoftReservOrdered'),
        {
          name: 'availabletoreserve',
          title: 'AvailableToReserve',
          terms: [
            { sign: '+', data_source: 'iom', measure: 'onhand' },
            { sign: '-', data_source: 'iv', measure: 'softreservordered' },
          ],
        },
      ],
    },
    { name: 'iom', title: 'iom', read_only: false, measures: [physical('OnHand')] },
    { name: 'pos', title: 'pos', read_only: false, measures: [physical('Inbound')] },
  ],
  dimensions: [
    { name: 'colorid', title: 'ColorId' },
    { name: 'sizeid', title: 'SizeId' },
  ],
};
const group = (product, source, stock_id, on_hand, reserved, more = {}) => ({
  values: { product, source },
  product_name: product === 'LAMP' ? 'Oak desk lamp' : 'Organic tee',
  keys: stock_id === null ? 3 : 1,
  stock_id,
  on_hand,
  reserved,
  safety_stock: 0,
  allocated: 0,
  available: on_hand - reserved,
  oversell: false,
  measures: {
    iom: { onhand: on_hand },
    iv: { softreservordered: reserved, availabletoreserve: on_hand - reserved },
  },
  updated_at: at(3),
  ...more,
});
export const groups = [group('LAMP', 'SEA', 7, 83, 2), group('LAMP', 'CHI', 8, 4, 4), group('TEE', 'SEA', null, 14, 0)];
export const keys = [
  ['', 2],
  ['red', 5],
  ['blue', 7],
].map(([color, on_hand], index) => ({
  stock_id: 20 + index,
  organization: '',
  product: 'TEE',
  source: 'SEA',
  dimensions: color ? { colorid: color } : {},
  on_hand,
  reserved: 0,
  updated_at: at(9),
}));
export const key = {
  stock_id: 7,
  organization: '',
  product: 'LAMP',
  source: 'SEA',
  dimensions: {},
  on_hand: 83,
  reserved: 2,
  updated_at: at(3),
};
export const balances = {
  stock_id: 7,
  as_of: at(0),
  on_hand: 83,
  reserved: 2,
  overdraft: 0,
  backed_by_variants: 0,
  measures: [
    { data_source: 'iom', measure: 'onhand', quantity: 83 },
    { data_source: 'iv', measure: 'softreservordered', quantity: 2 },
  ],
};
export const ledger = [
  {
    id: 412,
    recorded_at: at(3),
    data_source: 'iv',
    measure: 'softreservordered',
    delta: 2,
    balance_after: 2,
    cause: 'reserve',
    document: line,
    actor: 'flow Store order',
    event_id: null,
  },
  {
    id: 8,
    recorded_at: at(3000),
    data_source: 'iom',
    measure: 'onhand',
    delta: -1,
    balance_after: 83,
    cause: 'ship',
    document: 'FO-20480-1',
    actor: 'fabrikam-3pl',
    event_id: null,
  },
];
export const chain = [
  {
    day: day(-1),
    first_id: 1,
    last_id: 300,
    entries: 300,
    hash: 'ab'.repeat(32),
    previous_hash: '',
    sealed_at: at(600),
  },
];
export const health = {
  checked_through: at(1),
  round_began_at: at(0),
  chain_checked_through: at(1),
  sealed_through: day(-1),
  wrong: [],
};
export const wrong = [
  { what: 'stock', row_id: 7, column: 'on_hand', actual: '83', expected: '84' },
  { what: 'ledger_entry', row_id: 12, column: 'digest', actual: 'ab', expected: 'cd' },
];
export const reservations = [
  {
    id: 1,
    stock_id: 7,
    organization: '',
    product: 'LAMP',
    source: 'SEA',
    dimensions: '',
    data_source: 'iv',
    measure: 'softreservordered',
    document: '',
    line_id: line,
    quantity: 2,
    open: 2,
    shipped: 0,
    released: 0,
    state: 'open',
    created_at: at(4),
    expires_at: null,
    reference: 'r1',
  },
  {
    id: 2,
    stock_id: 8,
    organization: '',
    product: 'LAMP',
    source: 'CHI',
    dimensions: '',
    data_source: 'iv',
    measure: 'softreservordered',
    document: 'cart-9',
    line_id: null,
    quantity: 4,
    open: 4,
    shipped: 0,
    released: 0,
    state: 'open',
    created_at: at(40),
    expires_at: at(-20),
    reference: 'r2',
  },
];
export const lines = [{ line_id: line, order_id: '0198a000-0000-7000-8000-000000000001', order_number: '20480', line_number: 1 }];
const kept = (id, groups, allocated, consumed) => ({
  id,
  product: 'LAMP',
  source: 'SEA',
  dimensions: {},
  groups,
  allocated,
  cumulative_allocated: allocated + consumed,
  consumed,
  cumulative_consumed: consumed,
});
export const allocations = [kept(1, ['web'], 5, 2), kept(2, ['web', 'vip'], 3, 0), kept(3, ['store'], 8, 0)];
export const pools = [['store'], ['web'], ['web', 'vip']].map((path) => {
  const one = allocations.find((row) => row.groups.join() === path.join());
  return {
    groups: path,
    keys: 1,
    allocated: one.allocated,
    cumulative_allocated: one.cumulative_allocated,
    consumed: one.consumed,
    cumulative_consumed: one.cumulative_consumed,
  };
});
export const moves = [
  {
    id: 2,
    recorded_at: at(5),
    operation: 'consume',
    allocated: -2,
    consumed: 2,
    document: '20480',
    actor: 'flow Store order',
  },
  { id: 1, recorded_at: at(500), operation: 'allocate', allocated: 7, consumed: 0, document: 'by-hand-1', actor: 'dana' },
];
export const supply = [
  {
    id: '0198a000-0000-7000-8000-000000000401',
    kind: 'purchase',
    number: 'PO-1031',
    line_number: 1,
    product: 'LAMP',
    source: 'SEA',
    quantity: 30,
    received: 0,
    closed: 0,
    open: 30,
    expected_date: day(-2),
    confidence: 0.7,
  },
  {
    id: '0198a000-0000-7000-8000-000000000402',
    kind: 'transfer',
    number: 'TO-88',
    line_number: 2,
    product: 'TEE',
    source: 'CHI',
    quantity: 15,
    received: 4,
    closed: 0,
    open: 11,
    expected_date: day(3),
    confidence: 1,
  },
];
export const feeds = [
  {
    id: 2,
    name: 'bad.json',
    state: 'error',
    data_source: '',
    feed_type: '',
    records: 0,
    problems: 3,
    problem: 'onhand[0].productId: is missing (give productId as text)',
    recorded_at: at(2),
  },
  {
    id: 1,
    name: 'onhand.json',
    state: 'done',
    data_source: 'erp',
    feed_type: 'overwrite',
    records: 120,
    problems: 0,
    problem: '',
    recorded_at: at(60),
  },
];
const days = (free, moves) => {
  let projected = free;
  const out = Array.from({ length: 30 }, (_, n) => {
    const [supply, demand] = moves[n] ?? [0, 0];
    projected += supply - demand;
    return {
      day: day(n),
      supply,
      demand,
      projected,
      atp: projected,
      entries: supply
        ? [
            {
              id: n,
              product: 'LAMP',
              data_source: 'iv',
              measure: 'ordered',
              quantity: supply,
              confidence: 0.9,
              cause: 'supply order',
              document: 'purchase PO-1044',
              actor: 'dana',
              recorded_at: at(90),
            },
          ]
        : [],
    };
  });
  for (let n = out.length - 2; n >= 0; n -= 1) out[n].atp = Math.min(out[n].projected, out[n + 1].atp);
  return out;
};
const timeline = (source, free, moves) => ({
  product: 'LAMP',
  source,
  free,
  on_hand: free + 2,
  reserved: 2,
  safety_stock: 0,
  allocated: 0,
  made_of: {},
  days: days(free, moves),
});
export const timelines = [timeline('CHI', 12, {}), timeline('SEA', 0, { 6: [40, 0], 9: [0, 15] })];
