// Users, roles, tokens and settings of providers for the fixture server and the tests.
const hour = 3_600_000;
const at = (hours) => new Date(Date.UTC(2026, 10, 28, 15) + hours * hour).toISOString();

const readAll = [
  'fulfillment.read',
  'inventory.read',
  'master_data.read',
  'orchestration.read',
  'orders.read',
  'policies.read',
  'providers.read',
  'sourcing.read',
];
const areas = [
  'administration',
  'configuration',
  'fulfillment',
  'inventory',
  'master_data',
  'orchestration',
  'orders',
  'policies',
  'providers',
  'sourcing',
];

export const users = [
  { id: '0198a000-0000-7000-8000-00000000a001', email: 'ana@fabrikam.example', name: 'Ana Souza', roles: ['order_manager'], active: true },
  {
    id: '0198a000-0000-7000-8000-00000000a002',
    email: 'dana@fabrikam.example',
    name: 'Dana Whitaker',
    roles: ['administrator'],
    active: true,
  },
  {
    id: '0198a000-0000-7000-8000-00000000a003',
    email: 'li@fabrikam.example',
    name: 'Li Wei',
    roles: ['viewer', 'returns_desk'],
    active: false,
  },
];
export const roles = {
  items: [
    { name: 'administrator', title: 'Administrator', permissions: ['*'], built_in: true, grantable: true },
    {
      name: 'order_manager',
      title: 'Order manager',
      permissions: [...readAll, 'orchestration.write', 'orders.write'],
      built_in: true,
      grantable: true,
    },
    { name: 'viewer', title: 'Viewer', permissions: readAll, built_in: true, grantable: true },
    { name: 'returns_desk', title: 'Returns', permissions: ['orders.read', 'orders.write'], built_in: false, grantable: true },
  ],
  permissions: ['*', ...areas.flatMap((area) => [`${area}.read`, `${area}.write`])],
};
export const tokens = [
  {
    name: 'erp-export',
    roles: ['viewer'],
    created_at: at(-900),
    created_by: 'dana@fabrikam.example',
    expires_at: at(1260),
    last_used_at: at(-0.2),
  },
  {
    name: 'old-report',
    roles: ['viewer'],
    created_at: at(-2400),
    created_by: 'dana@fabrikam.example',
    expires_at: at(-240),
    last_used_at: null,
  },
];
export const instanceDocuments = [
  {
    kind: 'provider_instance',
    name: 'fabrikam-store',
    body: {
      provider: 'bigcommerce',
      title: 'Fabrikam store',
      connection: { store_hash: 'x1', token: '********' },
      parameters: { order_statuses: 'awaiting', days_back: 3 },
      poll_seconds: 60,
    },
  },
  {
    kind: 'provider_instance',
    name: 'fabrikam-3pl',
    body: { provider: 'demo_fulfillment', title: 'Fabrikam 3PL', connection: { store_hash: 'f3', token: '********' }, parameters: {} },
  },
];
export const parametersSchema = {
  type: 'object',
  properties: {
    order_statuses: { type: 'string', title: 'Order statuses', description: 'Orders with this status are imported', default: 'awaiting' },
    days_back: {
      type: 'integer',
      title: 'Days back',
      description: 'How far the first poll looks back',
      default: 1,
      minimum: 0,
      maximum: 90,
    },
  },
};

export const products = [
  ['Accu Scale', 'Accu Scale, digital kitchen scale', 'ACC-SCALE', 'ea', '49.90'],
  ['Dome Light', 'Dome light, brushed steel', 'DOME-2', 'ea', '129.00'],
  ['Flour 00', 'Flour type 00, loose', 'FLR-00', 'kg', '3.20'],
  ['Lamp', 'Reading lamp', 'LAMP-1', 'ea', null],
].map(([number, name, sku, unit, list_price]) => ({ number, name, sku, unit, image: '', weight_kg: null, currency: 'USD', list_price }));
export const accounts = [
  {
    name: 'ADATUM',
    title: 'Adatum Corporation',
    company: 'Adatum',
    email: 'orders@adatum.example',
    phone: '+1 206 555 0100',
    price_list: null,
    on_hold: false,
  },
];

const decimals = { kg: 3 };
const money = (amount) => amount.toFixed(2);
const number = (value) => (Number.isFinite(Number(value)) ? Number(value ?? 0) : 0);

/** The answer to `POST /orders/check`. */
export function checkOrder(order) {
  const lines = order.lines ?? [];
  const amounts = lines.map((line) => number(line.quantity) * number(line.unit_price) - number(line.discount));
  const subtotal = amounts.reduce((sum, amount) => sum + amount, 0);
  const [shipping, discount, tax] = ['shipping_amount', 'discount_amount', 'tax_amount'].map((name) => number(order[name]));
  const problems = [];
  const add = (where, what) => problems.push({ where, what, remedy: '' });
  if (lines.length === 0) add('lines', 'has nothing in it');
  lines.forEach((line, index) => {
    if (!products.some((product) => product.number === line.product)) add(`lines[${index}].product`, `there is no product ${line.product}`);
    if (!(number(line.quantity) > 0)) add(`lines[${index}].quantity`, 'input should be greater than 0');
  });
  for (const name of ['line1', 'city', 'postal_code', 'country']) if (!order.ship_to?.[name]) add(`ship_to.${name}`, 'is missing');
  return {
    number: order.number ?? 'M1001',
    currency: order.currency,
    subtotal: money(subtotal),
    shipping: money(shipping),
    discount: money(discount),
    tax: money(tax),
    total: money(subtotal + shipping + tax - discount),
    lines: lines.map((line, index) => ({ unit_decimals: decimals[line.unit] ?? 0, amount: money(amounts[index] ?? 0) })),
    problems,
  };
}
