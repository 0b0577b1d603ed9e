// Return orders for tests, as the API returns them.
const uuid = (n) => `019e0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const no = (reason) => ({ allowed: false, reason });
const yes = { allowed: true, reason: '' };

const actionsOf = (state) => ({
  approve: state === 'requested' ? yes : no(`it is ${state}`),
  refuse: state === 'requested' ? yes : no(`it is ${state}`),
  send: no('it is received'),
  receive: ['approved', 'in_transit', 'partially_received'].includes(state) ? yes : no(`it is ${state}`),
  inspect: yes,
  match: no('it has an order already'),
  close: state === 'inspected' ? yes : no('units wait for inspection'),
  cancel: state === 'approved' ? yes : no(`it is ${state}`),
});
const row = (index, state, refund) => ({
  id: uuid(8000 + index),
  number: `RMA-${100_001 + index}`,
  order_id: uuid(1),
  order_number: '20480',
  customer_name: index % 2 ? 'Grace Ng' : 'Ana Souza',
  state,
  state_label: state,
  state_reason: state,
  outcome: index === 1 ? 'replacement' : 'refund',
  timing: index === 1 ? 'standard' : '',
  origin: index % 3 ? 'customer' : 'order_manager',
  is_withdrawal: false,
  currency: 'USD',
  units: 3,
  received_units: state === 'approved' || state === 'requested' ? 0 : 2,
  uninspected_units: state === 'partially_received' ? 1 : 0,
  refund_amount: refund ? '20.00' : '0.00',
  refund_state: refund,
  declared_at: '2026-11-25T12:00:00Z',
  deadline: '2026-12-16',
  refund_due_on: null,
  actions: actionsOf(state),
});

export const returns = [
  row(0, 'partially_received', 'due'),
  row(1, 'approved', ''),
  row(2, 'requested', ''),
  row(3, 'inspected', 'completed'),
  ...Array.from({ length: 30 }, (_, index) => row(index + 4, ['approved', 'in_transit', 'closed', 'refused'][index % 4], '')),
];

export function returnOrder(id) {
  const found = returns.find((one) => one.id === id);
  if (!found) return undefined;
  const isPartial = found.state === 'partially_received';
  return {
    ...found,
    note: 'The parcel was damaged',
    created_by: 'ann',
    sent_at: null,
    ended_at: null,
    replacement_order_id: null,
    replacement_order_number: '',
    verdict: isPartial
      ? 'Received units wait for inspection. Its refund is due.'
      : 'Approved. Waits for the customer to send the goods until 2026-12-16.',
    lines: [
      {
        id: uuid(8500),
        order_line_id: uuid(9000),
        product: 'FAB-TEE-RED',
        name: 'Organic T-shirt',
        variant: { size: 'M', color: 'Red', style: '', configuration: '' },
        unit: 'ea',
        unit_decimals: 0,
        state: isPartial ? 'partially_received' : 'expected',
        reason: 'wrong_size',
        reason_title: 'Does not fit',
        comment: 'Too small',
        return_to: 'SEA',
        quantity: 3,
        received: isPartial ? 2 : 0,
        canceled: 0,
        inspected: isPartial ? 1 : 0,
        rejected: 0,
        outstanding: isPartial ? 1 : 3,
        uninspected: isPartial ? 1 : 0,
        terms: { title: '30 days', days: 30, refund_on: 'inspected' },
        exchange_for: null,
        receipts: isPartial ? [{ quantity: 2, place: 'SEA', received_at: '2026-11-26T09:00:00Z', received_by: 'sam' }] : [],
        inspections: isPartial
          ? [
              {
                quantity: 1,
                condition: 'new',
                disposition: 'restock',
                place: 'SEA',
                note: '',
                inspected_at: '2026-11-26T10:00:00Z',
                inspected_by: 'sam',
              },
            ]
          : [],
      },
    ],
    parcels: [
      {
        id: uuid(8600),
        carrier: 'UPS',
        tracking_number: '1Z999',
        tracking_url: '',
        label_url: '',
        sent_at: null,
        also_in_it: ['RMA-100002'],
      },
    ],
    amounts: isPartial
      ? [
          {
            id: uuid(8700),
            kind: 'refund',
            state: 'due',
            goods: '20.00',
            costs: '0.00',
            fee: '0.00',
            amount: '20.00',
            reference: '',
            reason: '',
            created_at: '2026-11-26T10:00:00Z',
            completed_at: null,
          },
        ]
      : [],
  };
}

export const returnPolicy = {
  reasons: [
    { code: 'no_longer_needed', title: 'No longer needed', seller_fault: false },
    { code: 'wrong_size', title: 'Does not fit', seller_fault: false },
    { code: 'defective', title: 'Defective', seller_fault: true },
  ],
  conditions: ['new', 'opened', 'used', 'damaged'],
  dispositions: ['restock', 'refurbish', 'scrap', 'vendor', 'reject'],
};

export const returnTimeline = [
  {
    id: 3,
    occurred_at: '2026-11-26T09:00:00Z',
    name: 'return_order.partially_received',
    title: 'Return received in part',
    actor: 'sam',
    data: { number: 'RMA-100001' },
  },
  {
    id: 1,
    occurred_at: '2026-11-25T12:00:00Z',
    name: 'return_order.requested',
    title: 'Return requested',
    actor: 'ann',
    data: { number: 'RMA-100001' },
  },
];

const returnableLine = (number, name, more) => ({
  order_line_id: uuid(9000 + number),
  line_number: number,
  product: `FAB-${number}`,
  name,
  variant: {},
  unit: 'ea',
  unit_decimals: 0,
  ordered: 3,
  shipped: 3,
  returned: 0,
  in_return: 0,
  returnable: 3,
  allowed: true,
  reason: '',
  until: '2026-12-20',
  amount: '30.00',
  fee: '0.00',
  rule: '30 days',
  ...more,
});
export const returnable = {
  order_id: uuid(1),
  number: '20480',
  currency: 'USD',
  can_withdraw: false,
  withdrawal_reason: 'the right of withdrawal does not apply to this order',
  withdrawal_until: null,
  lines: [
    returnableLine(0, 'Organic T-shirt', {}),
    returnableLine(1, 'Desk lamp', { returnable: 0, shipped: 0, allowed: false, reason: 'nothing of it has shipped', amount: '0.00' }),
  ],
};
