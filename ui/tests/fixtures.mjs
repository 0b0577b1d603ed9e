// The API responses of a small company, for unit and browser tests.
import { parametersSchema } from './configuration-fixtures.mjs';

const now = Date.now();
const at = (minutes) => new Date(now - minutes * 60_000).toISOString();
const uuid = (n) => `0198a000-0000-7000-8000-${String(n).padStart(12, '0')}`;
let seed = 7;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const pick = (list) => list[Math.floor(random() * list.length)];

export const sources = [
  ['SEA', 'Seattle warehouse', 'warehouse', 47.61, -122.33, 'Seattle', 'WA'],
  ['CHI', 'Chicago distribution center', 'distribution_center', 41.88, -87.63, 'Chicago', 'IL'],
  ['NYC', 'New York store', 'store', 40.71, -74.01, 'New York', 'NY'],
  ['DAL', 'Dallas warehouse', 'warehouse', 32.78, -96.8, 'Dallas', 'TX'],
  ['LAX', 'Los Angeles drop-ship', 'drop_ship', 34.05, -118.24, 'Los Angeles', 'CA'],
].map(([name, title, type, latitude, longitude, city, state], index) => ({
  name,
  title,
  type,
  active: index !== 4,
  latitude,
  longitude,
  city,
  state,
  country: 'US',
  processing_days: 1,
  daily_parcels: index ? null : 400,
  time_zone: 'America/Chicago',
  settings: {
    title,
    type,
    daily_lines: null,
    calendar: index ? null : 'us-west',
    cutoff: index ? '' : '14:00',
    capabilities: ['ship'],
  },
  today: {
    day: '2026-11-20',
    parcels: index ? 0 : 310,
    lines: 0,
    parcels_left: index ? null : 90,
    lines_left: null,
  },
}));

const products = [
  ['Accu Scale', 'Accu Scale, digital kitchen scale', '39.90'],
  ['MidRangeSpeaker', 'Mid-range speaker 5"', '225.00'],
  ['DomeCam-2', 'Dome camera, indoor', '89.50'],
  ['CB-HUB', 'Contoso Bluetooth hub', '129.00'],
  ['TEE-BLK-M', 'Organic tee, black, M', '24.00'],
  ['KETTLE-17', 'Gooseneck kettle 1.7 l', '74.95'],
];
const people = [
  ['Ana Souza', 'Portland', 'OR', 45.52, -122.68],
  ['Jim Glynn', 'Chicago', 'IL', 41.9, -87.7],
  ['Mei Tanaka', 'San Diego', 'CA', 32.72, -117.16],
  ['Rui Carvalho', 'Austin', 'TX', 30.27, -97.74],
  ['Olga Petrova', 'Boston', 'MA', 42.36, -71.06],
  ['Sven Lindqvist', 'Denver', 'CO', 39.74, -104.99],
  ['Fatima El Amrani', 'Atlanta', 'GA', 33.75, -84.39],
];
const states = [
  ['new', 'New sales order'],
  ['on_hold', 'Backorder Hold'],
  ['in_progress', 'Order Validation Success'],
  ['fulfillment_in_process', 'Sent To Fulfillment'],
  ['fulfillment_in_process', 'Inventory Check Successful'],
  ['completed', 'Fulfilled'],
  ['canceled', 'Customer request'],
  ['on_hold', 'Order Validation Failed'],
  ['fulfillment_in_process', 'Picked'],
];

export const orders = Array.from({ length: 120 }, (_, index) => {
  const [name, city, state] = people[index % people.length];
  const [value, reason] = index === 0 ? states[3] : index === 1 ? states[7] : pick(states);
  return {
    id: uuid(index + 1),
    number: String(20480 - index),
    instance: index % 5 === 3 ? 'api' : 'fabrikam-store',
    origin: 'web',
    customer_name: name,
    customer_email: `${name.split(' ')[0].toLowerCase()}@example.com`,
    ship_to_city: city,
    ship_to_state: state,
    ship_to_country: 'US',
    shipping_method: 'Ground',
    external_status: 'Awaiting fulfillment',
    state: value,
    state_reason: reason,
    currency: index % 9 === 8 ? 'BRL' : 'USD',
    total_amount: (40 + random() * 700).toFixed(2),
    line_count: 1 + Math.floor(random() * 4),
    placed_at: at(index * 13 + 2),
    created_at: at(index * 13 + 1),
    manual_hold: value === 'on_hold',
    sources: ['fulfillment_in_process', 'completed'].includes(value) ? [pick(['SEA', 'CHI', 'DAL'])] : [],
    tags: index % 4 === 1 ? ['gift', 'vip'] : [],
  };
});

const address = (name, city, state, latitude, longitude) => ({
  name,
  company: '',
  line1: '1200 Pine Street',
  line2: 'Apt 4',
  city,
  state,
  postal_code: '97205',
  country: 'US',
  phone: '+1 503 555 0142',
  email: 'ana.souza@example.com',
  latitude,
  longitude,
});
const labels = [
  ['new', 'New sales order', 10],
  ['on_hold', 'On hold', 20],
  ['in_progress', 'In progress', 30],
  ['fulfillment_in_process', 'Fulfillment in process', 40],
  ['completed', 'Completed', 50],
  ['canceled', 'Canceled', 60],
];

const day = (days) => new Date(now + days * 86_400_000).toISOString().slice(0, 10);
const verdicts = {
  new: { status: 'in_progress', text: 'Being checked and sourced' },
  in_progress: { status: 'in_progress', text: 'Being checked and sourced' },
  on_hold: {
    status: 'on_hold',
    text: 'Put on hold by Dana Whitaker: customer requested delivery on Friday',
    action: 'release',
    since: at(90),
  },
  fulfillment_in_process: {
    status: 'awaiting_fulfiller',
    text: 'Waiting for Fabrikam 3PL to ship 5 units',
    action: 'open_fulfillment_order',
    target: uuid(5001),
    since: at(24),
    planned_on: day(1),
  },
  completed: { status: 'delivered', text: 'Delivered' },
  canceled: { status: 'canceled', text: 'Canceled: Customer request', basis: '', timeliness: '' },
};
export const verdict = {
  promised_on: day(3),
  planned_on: null,
  basis: 'promise',
  timeliness: 'on_time',
  days_late: 0,
  expected_on: null,
  since: null,
  action: '',
  target: '',
};
const failedVerdict = {
  status: 'failed',
  text: 'Stopped at “Send to 3PL”: The 3PL answered 422: unknown postal code "00000"',
  action: 'reprocess',
};
const verdictOn = ({ state, state_reason }) => ({
  ...verdict,
  ...(state_reason === 'Order Validation Failed' ? failedVerdict : verdicts[state]),
});

export function order(id) {
  const row = orders.find((one) => one.id === id);
  if (!row) return undefined;
  const position = labels.find(([state]) => state === row.state)[2];
  const person = people.find(([name]) => name === row.customer_name);
  const lines = products.slice(0, 3).map(([product, name, price], index) => ({
    id: uuid(9000 + index),
    line_number: index + 1,
    product,
    name,
    variant: index === 0 ? { size: 'M', color: 'Red', style: '', configuration: '' } : {},
    unit: 'ea',
    unit_decimals: 0,
    quantity: index + 1,
    unit_price: price,
    tax: '0.00',
    discount: '0.00',
    total: (Number(price) * (index + 1)).toFixed(2),
    state: index === 0 && row.state === 'fulfillment_in_process' ? 'completed' : row.state,
    state_reason: index === 0 ? 'Shipped' : row.state_reason,
    source: row.state === 'on_hold' ? null : index === 2 ? 'CHI' : 'SEA',
    shipped: index === 0 ? 1 : 0,
    canceled: 0,
    returned: 0,
    delivery: index === 1 ? 'digital' : 'shipment',
    ship_to: null,
    requested_delivery_date: index === 2 ? day(3) : null,
  }));
  const open = !['completed', 'canceled'].includes(row.state);
  return {
    ...row,
    external_id: '118',
    customer: {
      external_id: '11',
      name: row.customer_name,
      company: '',
      email: 'ana.souza@example.com',
      phone: '',
    },
    bill_to: address('Ana Souza', 'Salem', 'OR', null, null),
    ship_to: address(...person),
    amounts: { subtotal: '758.40', shipping: '12.00', fees: '0.00', credit: '0.00', discount: '30.00', tax: '61.22', total: '801.62' },
    total_amount: '801.62',
    payment_status: 'captured',
    shipping_method: 'Ground',
    note: 'Please leave at the back door.',
    requested_delivery_date: day(3),
    state_label: row.state,
    progress: labels.map(([state, label, place]) => ({
      state,
      label,
      position: place,
      reached: (place <= position && !['on_hold', 'canceled'].includes(state)) || state === row.state,
    })),
    lines,
    source_changes: [],
    verdict: verdictOn(row),
    actions: {
      hold: {
        allowed: row.state !== 'on_hold' && open,
        reason: row.state === 'on_hold' ? 'The order is already on hold' : 'The order has ended',
      },
      release: { allowed: row.state === 'on_hold', reason: 'The order is not on hold' },
      cancel: {
        allowed: open && row.state !== 'fulfillment_in_process',
        reason: 'Part of the order has shipped',
      },
      recall: { allowed: row.state === 'fulfillment_in_process', reason: 'No unit of the order is in a fulfillment order' },
    },
  };
}

export const colleagues = [
  { email: 'dana@example.com', name: 'Dana Whitaker' },
  { email: 'lee@example.com', name: 'Lee Okafor' },
];
export const notes = [
  {
    id: uuid(9301),
    order_id: uuid(1),
    author: 'lee@example.com',
    text: 'The customer moves on Friday. @dana@example.com, please call before it ships.',
    pinned: true,
    written_at: at(95),
    edited_at: null,
    editable: false,
    deletable: false,
  },
  {
    id: uuid(9302),
    order_id: uuid(1),
    author: 'dana@example.com',
    text: 'Called, new address follows.',
    pinned: false,
    written_at: at(80),
    edited_at: at(70),
    editable: true,
    deletable: true,
  },
];
export const mentions = [
  {
    note_id: uuid(9301),
    order_id: uuid(1),
    order_number: '20480',
    author: 'lee@example.com',
    author_name: 'Lee Okafor',
    text: 'The customer moves on Friday. @dana@example.com, please call before it ships.',
    written_at: at(95),
    read_at: null,
  },
];
export const watchedOrders = [
  {
    order_id: uuid(1),
    order_number: '20480',
    customer_name: 'Ana Souza',
    event: 'order.note_added',
    event_at: at(80),
    actor: 'lee@example.com',
    news: true,
  },
  {
    order_id: uuid(3),
    order_number: '20478',
    customer_name: 'Omar Haddad',
    event: 'order.shipped',
    event_at: at(400),
    actor: 'system',
    news: false,
  },
];
export const usedTags = [
  { tag: 'gift', orders: 12 },
  { tag: 'vip', orders: 12 },
];

export const timeline = [
  ['order.partially_shipped', 'Partially shipped', 'order', '', 'system', { reason: '1 of 6 units shipped' }, 3],
  ['shipment.pushed', 'Shipment sent to the store', 'shipment', 'UPS 1Z999AA10123456784', 'flow Store order', {}, 3],
  [
    'shipment.recorded',
    'Shipment recorded',
    'shipment',
    'UPS 1Z999AA10123456784',
    'fabrikam-3pl',
    {
      carrier: 'UPS',
      tracking_number: '1Z999AA10123456784',
      items: [{ product: 'Accu Scale', quantity: 1 }],
    },
    4,
  ],
  ['fulfillment_order.accepted', 'Fulfillment order accepted', 'fulfillment_order', 'FO-20480-1', 'fabrikam-3pl', {}, 22],
  [
    'order.sent_to_fulfillment',
    'Sent to fulfillment',
    'order',
    '',
    'flow Store order',
    { reason: 'Both fulfillment orders were sent' },
    24,
  ],
  ['fulfillment_order.created', 'Fulfillment order created', 'fulfillment_order', 'FO-20480-2', 'flow Store order', { source: 'CHI' }, 25],
  [
    'fulfillment.optimization.succeeded',
    'Fulfillment optimization succeeded',
    'order',
    '',
    'flow Store order',
    { reason: 'SEA and CHI together cost least: 2 shipments, 11.40', strategy: 'Lowest cost' },
    25,
  ],
  ['order.lines_validation.succeeded', 'Lines validated', 'order', '', 'policy Lines can be sold', {}, 25],
  [
    'order.header_validation.succeeded',
    'Header validated',
    'order',
    '',
    'policy Address is complete',
    { reason: 'All of 2 execution policies passed' },
    25,
  ],
  ['order.created', 'Order created', 'order', '', 'fabrikam-store', { lines: 3, external_id: '118' }, 26],
].map(([name, title, subject_type, subject_label, actor, data, minutes], index) => ({
  id: String(900 - index),
  occurred_at: at(minutes),
  name,
  title,
  subject_type,
  subject_id: uuid(1),
  subject_label,
  actor,
  data,
}));

const fulfillmentRow = (index, number, source, state, reason, orderRow = orders[0]) => ({
  id: uuid(5000 + index),
  number,
  order_id: orderRow.id,
  order_number: orderRow.number,
  source,
  state,
  state_label: state.charAt(0).toUpperCase() + state.slice(1).replaceAll('_', ' '),
  state_reason: reason,
  customer_name: orderRow.customer_name,
  ship_to_city: orderRow.ship_to_city,
  units: 3,
  shipped_units: state === 'partially_shipped' ? 1 : state === 'shipped' || state === 'delivered' ? 3 : 0,
  created_at: at(25 + index * 17),
  sent_at: state === 'new' ? null : at(24 + index * 17),
  planned_ship_date: day(1 + (index % 4)),
  external_id: state === 'new' ? null : `3PL-${7000 + index}`,
  fulfiller: state === 'new' ? '' : 'fabrikam-3pl',
  recall: '',
  recalled_units: '',
  recall_reason: '',
  actions: {
    recall: {
      allowed: !['shipped', 'delivered', 'declined', 'canceled'].includes(state),
      reason: 'all of its units have shipped',
    },
    lift_refusal: { allowed: state === 'declined', reason: 'its source has refused nothing of it' },
  },
});
export const fulfillmentOrders = [
  fulfillmentRow(0, 'FO-20480-1', 'SEA', 'partially_shipped', 'Shipped'),
  fulfillmentRow(1, 'FO-20480-2', 'CHI', 'accepted', ''),
  ...Array.from({ length: 40 }, (_, i) =>
    fulfillmentRow(
      i + 2,
      `FO-${20470 - i}-1`,
      pick(['SEA', 'CHI', 'DAL', 'NYC']),
      pick(['new', 'sent', 'accepted', 'picked', 'packed', 'shipped', 'delivered', 'declined', 'canceled']),
      '',
      orders[(i + 10) % 100],
    ),
  ),
];
export function fulfillmentOrder(id) {
  const row = fulfillmentOrders.find((one) => one.id === id);
  if (!row) return undefined;
  const source = sources.find((one) => one.name === row.source);
  const person = people.find(([name]) => name === row.customer_name);
  const lines = products.slice(0, 2).map(([product, name], index) => ({
    id: uuid(9100 + index),
    order_line_id: uuid(9000 + index),
    product,
    name,
    variant: index === 0 ? { size: 'M', color: 'Red', style: '', configuration: '' } : {},
    unit: 'ea',
    unit_decimals: 0,
    quantity: index + 1,
    shipped: row.shipped_units > 0 ? 1 : 0,
  }));
  return {
    ...row,
    ship_to: address(...person),
    source_place: {
      name: source.title,
      latitude: source.latitude,
      longitude: source.longitude,
      address: { city: source.city, state: source.state, country: 'US' },
    },
    ship_to_place: { latitude: address(...person).latitude, longitude: address(...person).longitude },
    lines,
    planned_ship_date: day(1),
    shipments:
      row.shipped_units > 0
        ? [
            {
              id: uuid(9200),
              carrier: 'UPS',
              service: 'Ground',
              tracking_number: '1Z999AA10123456784',
              tracking_url: 'https://example.com/track/1Z999AA10123456784',
              shipped_at: at(4),
              items: [{ product: 'Accu Scale', quantity: 1 }],
            },
          ]
        : [],
  };
}

export const sourcing = [
  {
    id: uuid(9300),
    decided_at: at(25),
    strategy: 'Lowest cost',
    complete: true,
    cost: 22.3,
    currency: 'USD',
    parts: { carriage: 12.1, handling: 10.2 },
    considered: 5,
    note: '',
    chosen: [
      [0, 'SEA', 1],
      [1, 'SEA', 2],
      [2, 'CHI', 3],
    ].map(([line, source, quantity]) => ({ line_id: uuid(9000 + line), source, quantity })),
    candidates: [
      [0, 'SEA', 2.1, 3.4, '', null],
      [0, 'CHI', 7.9, 3.4, '', 5.8],
      [0, 'DAL', 9.2, 3.1, 'Closed on Saturday', null],
      [1, 'SEA', 2.1, 3.4, '', null],
      [1, 'CHI', 7.9, 3.4, '', 5.8],
      [2, 'SEA', 2.1, 3.4, 'Only 1 of 3 available', null],
      [2, 'CHI', 7.9, 3.4, '', null],
      [2, 'DAL', 9.2, 3.1, '', 1],
    ].map(([line, source, carriage, handling, refused, difference]) => ({
      line_id: uuid(9000 + line),
      source,
      chosen: difference === null && refused === '',
      on_hand: refused.startsWith('Only') ? 1 : 12,
      cost: { carriage, handling },
      total: carriage + handling,
      difference,
      refused,
    })),
  },
];
export const moves = [{ line_id: uuid(9002), moved_at: at(20), from_source: 'DAL', to_source: 'CHI', saving: 1.4, currency: 'USD' }];

export const towns = [
  ['New York City', 40.71, -74.01],
  ['Los Angeles', 34.05, -118.24],
  ['Chicago', 41.85, -87.65],
  ['Houston', 29.76, -95.36],
  ['Phoenix', 33.45, -112.07],
  ['Dallas', 32.78, -96.81],
  ['San Francisco', 37.77, -122.42],
  ['Denver', 39.74, -104.98],
  ['Seattle', 47.61, -122.33],
  ['Portland', 45.52, -122.68],
  ['Salt Lake City', 40.76, -111.89],
  ['Minneapolis', 44.98, -93.26],
  ['Atlanta', 33.75, -84.39],
  ['Miami', 25.77, -80.19],
].map(([name, latitude, longitude]) => ({ name, country: 'US', latitude, longitude }));

export const home = {
  items: [
    { kind: 'connections', count: 1, oldest: at(96), amounts: [], instance: '', title: 'Fabrikam 3PL' },
    {
      kind: 'blocked',
      count: 132,
      oldest: at(91),
      amounts: [
        { currency: 'USD', amount: '48210.4500', orders: 120 },
        { currency: 'BRL', amount: '5310.0000', orders: 12 },
      ],
      instance: 'fabrikam-3pl',
      title: 'Fabrikam 3PL',
    },
    {
      kind: 'failed_runs',
      count: 8,
      oldest: at(300),
      amounts: [{ currency: 'USD', amount: '1840.1000', orders: 8 }],
      instance: '',
      title: '',
    },
    {
      kind: 'parked_messages',
      count: 23,
      oldest: at(1500),
      amounts: [{ currency: 'USD', amount: '2644.7700', orders: 23 }],
      instance: '',
      title: '',
    },
    { kind: 'declined', count: 1, oldest: at(45), amounts: [{ currency: 'USD', amount: '74.9500', orders: 1 }], instance: '', title: '' },
    {
      kind: 'late',
      count: 10_000,
      oldest: at(9000),
      amounts: [{ currency: 'USD', amount: '913204.0000', orders: 10_000 }],
      instance: '',
      title: '',
    },
  ],
  limit: 10_000,
};

export const flowRuns = [
  {
    id: uuid(7001),
    flow: 'store-order',
    flow_title: 'Store order',
    version: 3,
    state: 'running',
    step: 'wait_shipment',
    step_title: 'Wait for shipment',
    since: at(22),
    error: null,
    awaits: ['order.shipped'],
    wake_at: at(-60 * 72),
    results: [
      ['send', 'Send to 3PL', 'provider_action', 'succeeded', 'Accepted as 3PL-7000 and 3PL-7001', 214, { calls: 2 }, 24],
      ['create', 'Create fulfillment orders', 'action', 'succeeded', '2 fulfillment orders: SEA, CHI', 3.2, {}, 25],
      ['source', 'Choose sources', 'action', 'succeeded', 'SEA and CHI together cost least', 8.9, { strategy: 'Lowest cost' }, 25],
      ['express', 'Express shipping?', 'condition', 'no', 'shipping_method is "Ground"', 0.2, {}, 25],
      [
        'validate',
        'Validate order',
        'policies',
        'passed',
        'Row 3 of “Address is complete” matched',
        1.1,
        { policy: 'Address is complete', row: 3, facts: { country: 'US', postal_code: '97205' } },
        25,
      ],
    ].map(([step, title, kind, port, reason, duration_ms, details, minutes]) => ({
      step,
      title,
      kind,
      port,
      reason,
      duration_ms,
      details,
      recorded_at: at(minutes),
    })),
  },
];
export const failedFlowRun = {
  ...flowRuns[0],
  id: uuid(7002),
  state: 'failed',
  step: 'send',
  step_title: 'Send to 3PL',
  awaits: [],
  wake_at: null,
  error: {
    what: 'The 3PL answered 422: unknown postal code "00000"',
    where: 'ship_to.postal_code',
    why: 'attempt 1 of 5',
    remedy: 'Correct the ship-to address, then reprocess',
  },
  results: [
    {
      step: 'send',
      title: 'Send to 3PL',
      kind: 'provider_action',
      port: 'failed',
      reason: '422 unknown postal code "00000"',
      duration_ms: 187,
      details: { status: 422, attempts: 1 },
      recorded_at: at(11),
    },
    ...flowRuns[0].results.slice(1),
  ],
};
export const runs = orders.slice(1, 9).map((row, index) => ({
  id: uuid(7100 + index),
  flow: 'store-order',
  flow_title: 'Store order',
  version: 3,
  state: 'failed',
  subject_type: 'order',
  subject_id: row.id,
  subject_label: `Order ${row.number}`,
  step: index % 3 ? 'send' : 'source',
  step_title: index % 3 ? 'Send to 3PL' : 'Choose sources',
  since: at(index * 21 + 8),
  started_at: at(index * 21 + 9),
  finished_at: null,
  root_id: row.id,
  error: {
    what: index % 3 ? 'The 3PL answered 503: maintenance until 14:00' : 'No source has 3 of “CB-HUB”: SEA has 1, CHI has 0',
    where: '',
    why: index % 3 ? 'attempt 5 of 5' : '',
    remedy: 'Correct the cause and reprocess, or skip the step',
  },
}));

const step = (id, kind, title, ports) => ({
  id,
  kind,
  title,
  ports: Object.keys(ports),
  to: Object.fromEntries(Object.entries(ports).filter(([, to]) => to !== null)),
});
export const flows = [
  {
    name: 'store-order',
    title: 'Store order',
    subject: 'order',
    trigger: 'order.created',
    version: 3,
    active: true,
    running: 12,
    waiting: 841,
    paused: 0,
    failed: 8,
  },
  {
    name: 'lab-order',
    title: 'Lab order',
    subject: 'order',
    trigger: 'order.created',
    version: 1,
    active: false,
    running: 0,
    waiting: 0,
    paused: 0,
    failed: 0,
  },
];
export const flow = {
  name: 'store-order',
  title: 'Store order',
  version: 3,
  problems: [],
  steps: [
    step('start', 'start', 'Order created', { next: 'validate' }),
    step('validate', 'policies', 'Validate order', { passed: 'express', failed: 'hold' }),
    step('hold', 'action', 'Hold the order', { succeeded: 'end' }),
    step('express', 'condition', 'Express shipping?', { yes: 'source_fast', no: 'source' }),
    step('source_fast', 'action', 'Choose fastest source', { succeeded: 'join', failed: 'hold' }),
    step('source', 'action', 'Choose cheapest source', { succeeded: 'join', failed: 'hold' }),
    step('join', 'merge', 'Sourced', { joined: 'create' }),
    step('create', 'action', 'Create fulfillment orders', { succeeded: 'send' }),
    step('send', 'provider_action', 'Send to 3PL', { succeeded: 'wait_shipment', failed: null }),
    step('wait_shipment', 'wait', 'Wait for shipment', { happened: 'tell', timed_out: 'hold' }),
    step('tell', 'provider_action', 'Tell the store', { succeeded: 'end' }),
    step('end', 'end', 'Done', {}),
  ],
  document: {
    kind: 'flow',
    name: 'store-order',
    title: 'Store order',
    subject: 'order',
    trigger: { event: 'order.created', condition: "instance == 'fabrikam-store'", priority: 10 },
    steps: [
      {
        id: 'validate',
        kind: 'policies',
        title: 'Validate order',
        filter: 'orders-from-store',
        execution: ['address-complete', 'lines-can-be-sold'],
      },
      {
        id: 'express',
        kind: 'condition',
        title: 'Express shipping?',
        expression: "shipping_method == 'Express'",
      },
      {
        id: 'source',
        kind: 'action',
        action: 'fulfillment_optimization.source',
        parameters: { strategy: 'lowest-cost' },
      },
      {
        id: 'send',
        kind: 'provider_action',
        instance: 'fabrikam-3pl',
        action: 'send_to_fulfillment',
        retry: { attempts: 5, first_after: '10s' },
      },
    ],
  },
};
export const flowCounts = {
  steps: {
    validate: { ready: 3, waiting: 0, failed: 0, passed_24h: 1284 },
    source: { ready: 0, waiting: 0, failed: 3, passed_24h: 1190 },
    source_fast: { ready: 0, waiting: 0, failed: 0, passed_24h: 88 },
    create: { ready: 2, waiting: 0, failed: 0, passed_24h: 1276 },
    send: { ready: 7, waiting: 0, failed: 5, passed_24h: 1269 },
    wait_shipment: { ready: 0, waiting: 841, failed: 0, passed_24h: 428 },
    tell: { ready: 0, waiting: 0, failed: 0, passed_24h: 428 },
    end: { ready: 0, waiting: 0, failed: 0, passed_24h: 431 },
    hold: { ready: 0, waiting: 0, failed: 0, passed_24h: 14 },
  },
};

const row = (when, outcome, reason, set = {}) => ({ when, outcome, reason, set });
export const policies = [
  {
    name: 'address-complete',
    title: 'Address is complete',
    type: 'execution',
    entity: 'order',
    criticality: 'critical',
    hit: 'first',
    columns: [
      { name: 'Ship-to country', field: 'ship_to.country' },
      { name: 'Postal code', field: 'ship_to.postal_code' },
    ],
    rows: [
      row({ 'Ship-to country': "''" }, 'fail', 'The order has no ship-to country'),
      row({ 'Ship-to country': "'US'", 'Postal code': 'not matches($, "^[0-9]{5}$")' }, 'fail', {
        formula: "'A US postal code has 5 digits, not ' + ship_to.postal_code",
      }),
      row({}, 'pass', null),
    ],
  },
  {
    name: 'west-coast',
    title: 'Ship the west coast from Seattle',
    type: 'execution',
    entity: 'order',
    criticality: 'information',
    hit: 'first',
    columns: [
      { name: 'Ship-to state', field: 'ship_to.state' },
      { name: 'Total', field: 'total_amount' },
    ],
    rows: [
      row({ 'Ship-to state': "'WA', 'OR', 'ID'", Total: '>= 50' }, null, null, { source: 'SEA' }),
      row({ 'Ship-to state': "'CA'" }, null, null, { source: 'LAX' }),
      row({}, null, null, { source: 'CHI' }),
    ],
  },
];

export const instances = [
  {
    name: 'fabrikam-store',
    title: 'Fabrikam store',
    provider: 'bigcommerce',
    active: true,
    paused_at: null,
    paused_by: '',
    category: 'order_intake',
    state: 'green',
    probed_at: at(6),
    account: 'fabrikam.example.com',
    scopes: ['store_v2_orders', 'store_v2_products', 'store_v2_customers_read_only'],
    missing_scopes: [],
    error: null,
    poll_seconds: 60,
    last_poll_at: at(0.6),
    next_poll_at: at(-0.4),
    last_error: null,
    messages: { received: 4, processed: 1284, parked: 23, duplicate: 310 },
  },
  {
    name: 'fabrikam-3pl',
    title: 'Fabrikam 3PL',
    provider: 'demo_fulfillment',
    active: true,
    paused_at: null,
    paused_by: '',
    category: 'fulfillment',
    state: 'red',
    probed_at: at(2),
    account: null,
    scopes: ['orders.write'],
    missing_scopes: ['shipments.read'],
    error: 'The 3PL answered 401: the API key is unknown. Paste a new key in the connection.',
    poll_seconds: null,
    last_poll_at: null,
    next_poll_at: null,
    last_error: '401 unknown API key',
    messages: { received: 0, processed: 428, parked: 0 },
  },
  {
    name: 'lab-intake',
    title: 'Lab order intake',
    provider: 'lab',
    active: true,
    paused_at: null,
    paused_by: '',
    category: 'order_intake',
    state: 'untested',
    probed_at: null,
    account: null,
    scopes: [],
    missing_scopes: [],
    error: null,
    poll_seconds: 300,
    last_poll_at: null,
    next_poll_at: null,
    last_error: null,
    messages: {},
  },
];
export const catalog = [
  [
    'bigcommerce',
    'BigCommerce',
    'order_intake',
    'Brings orders, products and customers from a BigCommerce store and tells it of shipments.',
    ['Push status', 'Create shipment'],
    ['Order', 'Product', 'Customer'],
  ],
  [
    'demo_fulfillment',
    'Demo fulfillment',
    'fulfillment',
    'A 3PL over HTTP that accepts, declines and ships, and calls back.',
    ['Send to fulfillment', 'Cancel'],
    ['Fulfillment update'],
  ],
  ['lab', 'Lab', 'order_intake', 'The four lab orders, for learning.', [], ['Order']],
].map(([name, title, category, description, actions, messages]) => ({
  name,
  title,
  category,
  description,
  connection_schema: {
    type: 'object',
    required: ['store_hash', 'token'],
    properties: {
      store_hash: {
        type: 'string',
        title: 'Store hash',
        description: 'The part after /stores/ in the API path',
      },
      token: { type: 'string', title: 'Access token', writeOnly: true },
    },
  },
  parameters_schema: parametersSchema,
  actions: actions.map((one) => ({ name: one.toLowerCase().replaceAll(' ', '_'), title: one })),
  messages: messages.map((one) => ({ name: one.toLowerCase(), title: one })),
  mappings: [
    { name: 'product', title: 'Product' },
    { name: 'unit', title: 'Unit' },
  ],
}));
export const calls = Array.from({ length: 30 }, (_, i) => ({
  id: String(i),
  instance: pick(['fabrikam-store', 'fabrikam-3pl']),
  method: pick(['GET', 'POST']),
  url: pick(['/stores/x1/v2/orders?min_date_modified=…', '/stores/x1/v2/orders/118/shipments', '/fulfillment-orders/bulk']),
  status: i % 7 === 3 ? 503 : 200,
  ok: i % 7 !== 3,
  started_at: at(i * 1.3),
  duration_ms: 40 + random() * 400,
  error: i % 7 === 3 ? 'maintenance until 14:00' : null,
  action: null,
  entity_id: null,
}));
const lack = (table, value) => ({ table, field: table === 'product' ? 'sku' : 'code', value });
export const messages = Array.from({ length: 23 }, (_, i) => ({
  id: uuid(8000 + i),
  instance: 'fabrikam-store',
  kind: 'order',
  key: String(3100 + i),
  version: at(i),
  state: 'parked',
  received_at: at(i * 9 + 3),
  processed_at: null,
  error:
    i % 6 === 5
      ? {
          what: 'quantity is -2',
          where: 'lines.0.quantity',
          remedy: 'Correct the order in the store; the next poll brings it again',
        }
      : {
          what: `${i % 2 ? 'Unit' : 'Product'} is not mapped`,
          where: i % 2 ? 'lines.0.unit' : 'lines.0.product',
          remedy: 'Map the value below; the message then replays by itself',
        },
  missing: i % 6 === 5 ? [] : [i % 2 ? lack('unit', 'PCS') : lack('product', i % 4 ? 'ACC-SC' : 'DOME2')],
  deliveries: 1,
  total: '114.9900',
  currency: 'USD',
  attempts: 1,
  entity_id: null,
}));
export const missingKeys = [
  {
    table: 'unit',
    field: 'code',
    value: 'PCS',
    instance: 'fabrikam-store',
    messages: 11,
    suggestions: [
      { internal: 'ea', label: 'Each', score: 0.95, reason: 'another word for this unit', certain: false },
      { internal: 'box', label: 'Box', score: 0.31, reason: 'similar spelling', certain: false },
    ],
  },
  {
    table: 'product',
    field: 'sku',
    value: 'ACC-SC',
    instance: 'fabrikam-store',
    messages: 6,
    suggestions: [
      { internal: 'Accu Scale', label: 'Accu Scale, digital kitchen scale', score: 0.91, reason: 'similar spelling', certain: false },
      { internal: 'CB-HUB', label: 'Contoso Bluetooth hub', score: 0.22, reason: 'similar spelling', certain: false },
    ],
  },
  {
    table: 'product',
    field: 'sku',
    value: 'DOME2',
    instance: 'fabrikam-store',
    messages: 5,
    suggestions: [{ internal: 'DomeCam-2', label: 'Dome camera, indoor', score: 0.77, reason: 'similar spelling', certain: false }],
  },
];
export const payload = {
  id: 3100,
  status_id: 11,
  currency_code: 'USD',
  total_inc_tax: '225.00',
  billing_address: { first_name: 'Jim', last_name: 'Glynn', city: 'Chicago' },
  products: [{ id: 5, sku: 'ACC-SC', quantity: 1, price_inc_tax: '225.00' }],
};
export const mappingRelease = {
  messages: 6,
  needing_more: 1,
  orders: 5,
  amounts: [
    { currency: 'EUR', amount: '80.5000', orders: 1 },
    { currency: 'USD', amount: '1240.0000', orders: 4 },
  ],
  amounts_complete: true,
  external: [{ value: 'ACC-SC', name: 'Kitchen scale, 5 kg', unit_price: '24.9000', currency: 'USD' }],
};
export const mappings = [
  ['unit', 'code', 'each', 'ea', 'instance', 'fabrikam-store'],
  ['product', 'sku', 'MRS-5', 'MidRangeSpeaker', 'instance', 'fabrikam-store'],
  ['price_list', 'id', '1', 'Retail', 'group', 'Web stores'],
  ['customer', 'id', '0', 'Guest', 'default', ''],
].map(([table, field, value, internal, scope, scope_name]) => ({
  table,
  field,
  value,
  internal,
  scope,
  scope_name,
}));
export const stock = products.flatMap(([product, product_name], p) =>
  ['SEA', 'CHI', 'DAL'].map((source, s) => {
    const on_hand = Math.floor(random() * 90) * (p === 3 && s ? 0 : 1);
    const reserved = Math.min(on_hand, Math.floor(random() * 20));
    return {
      id: `${p}-${s}`,
      product,
      product_name,
      source,
      on_hand,
      reserved,
      available: on_hand - reserved,
      updated_at: at(p * 40 + s * 7),
    };
  }),
);
export const ledger = [
  ['reserved', 2, 9, 'Soft reservation', 'Order 20480', 'flow Store order', 25],
  ['on_hand', -1, 41, 'Shipped', 'FO-20480-1', 'fabrikam-3pl', 4],
  ['reserved', -1, 8, 'Shipped', 'FO-20480-1', 'fabrikam-3pl', 4],
  ['on_hand', 42, 42, 'Counted', 'Count 2026-09', 'dana', 4000],
].map(([measure, delta, balance_after, cause, document, actor, minutes], index) => ({
  id: String(index),
  measure,
  delta,
  balance_after,
  cause,
  document,
  actor,
  recorded_at: at(minutes),
}));
export const session = { name: 'Dana', email: 'd@example.com', permissions: ['*'], environment: 'dev', extensions: [] };

const paymentMethod = {
  id: uuid(7001),
  kind: 'card',
  title: 'Visa •••• 4242',
  provider: 'fabrikam-payments',
  provider_title: 'Demo payments',
  reference: 'checkout-4000-USD-100',
  expires_at: at(-60 * 24 * 6),
  authorized: '40.00',
  capture_pending: '0.00',
  captured: '24.00',
  released: '0.00',
  refund_pending: '0.00',
  refunded: '4.00',
  refundable: '20.00',
};
const giftCard = {
  ...paymentMethod,
  id: uuid(7002),
  kind: 'gift_card',
  title: '',
  provider: '',
  provider_title: '',
  reference: 'G-1001',
  expires_at: null,
  authorized: '10.00',
  captured: '10.00',
  refunded: '0.00',
  refundable: '10.00',
};
const fact = (number, kind, state, amount, method, more = {}) => ({
  id: uuid(7100 + number),
  method_id: method.id,
  kind,
  state,
  amount,
  method: method.kind,
  method_title: method.title,
  provider: method.provider,
  reference: '',
  reason: '',
  error: '',
  actor: 'payments',
  recorded_at: at(10 * number),
  completed_at: state === 'succeeded' ? at(10 * number) : null,
  shipment_id: null,
  needs_person: state === 'failed',
  may_retry: state === 'failed',
  ...more,
});

/** The payments of every order that has been sourced. */
export const payments = {
  currency: 'USD',
  totals: {
    total: '50.00',
    kept: '50.00',
    charged: '50.00',
    uncovered: '16.00',
    authorized: '50.00',
    captured: '34.00',
    refunded: '4.00',
    refundable: '30.00',
    to_capture: '16.00',
  },
  methods: [giftCard, paymentMethod],
  facts: [
    fact(1, 'capture', 'failed', '16.00', paymentMethod, { error: 'checkout-4000-USD-100: the issuer declined the capture' }),
    fact(2, 'refund', 'succeeded', '4.00', paymentMethod, { actor: 'ada@fabrikam.example', reason: 'arrived late' }),
    fact(3, 'capture', 'succeeded', '24.00', paymentMethod),
    fact(4, 'authorization', 'succeeded', '40.00', paymentMethod, { actor: 'fabrikam-store' }),
    fact(5, 'capture', 'succeeded', '10.00', giftCard, { actor: 'fabrikam-store' }),
  ],
};

export const paymentRows = payments.facts.map((one) => ({
  ...one,
  order_id: orders[0].id,
  order_number: orders[0].number,
  customer_name: orders[0].customer_name,
  currency: payments.currency,
}));
