/** Changes of orders and what a change would do, as the server answers. */

const money = (kept, canceled = '0.00', goodwill = '0.00') => ({
  lines: (Number(kept) - 10).toFixed(2),
  shipping: '10.00',
  fees: '0.00',
  discount: '0.00',
  tax: '0.00',
  total: (Number(kept) + Number(goodwill)).toFixed(2),
  canceled,
  goodwill,
  refunds: goodwill,
  kept,
});

const entry = (number, part) => ({
  id: `00000000-0000-7000-8000-00000000c${String(number).padStart(3, '0')}`,
  number,
  recorded_at: `2026-11-2${number}T10:30:00Z`,
  author: 'maria@fabrikam.example',
  origin: 'person',
  reason: '',
  operations: [],
  undoes: null,
  undone_by: null,
  undo: { allowed: true, reason: '' },
  ...part,
});

/** The history of an order, newest first: a change, one that is too late to undo, and one of the store. */
export const changes = {
  edit: { allowed: true, reason: '' },
  goodwill: { allowed: true, reason: '' },
  changes: [
    entry(3, {
      words: ['Quantity of line 2 (DESK-WAL-02) from 3 to 2 ea', 'Shipping method Express for 12.00 USD'],
      reason: 'Customer called',
      money: { currency: 'USD', before: money('801.62'), after: money('672.62'), difference: '-129.00' },
    }),
    entry(2, {
      words: ['Unit price of line 1 (LAMP-OAK-01) from 89.00 to 79.00 USD'],
      undo: { allowed: false, reason: '1 ea of line 1 have shipped, so its price stays; give goodwill instead' },
      money: { currency: 'USD', before: money('811.62'), after: money('801.62'), difference: '-10.00' },
    }),
    entry(1, {
      author: 'fabrikam-store',
      origin: 'source',
      words: ['Added 1 ea of LAMP-OAK-01'],
      undo: { allowed: false, reason: 'fabrikam-store made this change; change the order in fabrikam-store, or edit it here' },
      money: { currency: 'USD', before: money('722.62'), after: money('811.62'), difference: '89.00' },
    }),
  ],
};

/** No change yet. */
export const noChanges = { ...changes, changes: [] };

const growing = ['add_line', 'exchange_line', 'substitute_line'];

/** What operations would do; the words name their kinds. */
export function previewChange(operations) {
  const added = operations.find((operation) => growing.includes(operation.kind));
  const refunded = operations.find((operation) => operation.kind === 'goodwill');
  const after = refunded ? money('791.62', '0.00', '10.00') : money('690.62');
  return {
    version: '4711-0a1b2c',
    words: operations.map((operation) => `${operation.kind.replaceAll('_', ' ')}${operation.line ? ` of line ${operation.line}` : ''}`),
    money: { currency: 'USD', before: money('801.62'), after, difference: (Number(after.kept) - 801.62).toFixed(2) },
    stock: added
      ? [
          {
            line_number: added.line ?? 4,
            product: added.product ?? 'LAMP-OAK-01',
            unit: 'ea',
            needed: '3',
            available: '2.0000',
            enough: false,
            available_on: '2026-12-04',
          },
        ]
      : [],
    tasks: [
      { kind: 'recall', text: 'Fulfillment order FO-1001-1 is canceled before it is sent' },
      { kind: 'source', text: 'Line 3 (3) is sourced' },
    ],
    promise: { before: '2026-12-02', after: '2026-12-02', expected_on: added ? '2026-12-04' : null },
  };
}

/** A change that was applied. */
export const appliedChange = (orderId, operations) => ({
  id: '00000000-0000-7000-8000-00000000c009',
  order_id: orderId,
  words: previewChange(operations).words,
  money: previewChange(operations).money,
});
