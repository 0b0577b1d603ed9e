import { describe, expect, test } from 'vitest';
import type { OrderFulfillment } from '@client/orders';
import { fulfillmentOrder, fulfillmentOrders } from '@tests/fixtures.mjs';
import { fulfillerEffect, storeEffect } from './CancellationEffects';

const sample = fulfillmentOrder(fulfillmentOrders[0]?.id ?? '')!;
const row = (part: Partial<OrderFulfillment>): OrderFulfillment => ({ ...sample, fulfiller: 'fabrikam-3pl', ...part });
const flow = { name: 'tell-store', title: 'Tell the store', trigger: 'order.canceled', active: true, paused: false };

describe('what a cancellation tells', () => {
  test('a fulfiller is asked for what was sent, and hears nothing of what was not', () => {
    const rows = [
      row({ number: 'FO-1', state: 'sent', sent_at: '2026-01-01T00:00:00Z' }),
      row({ number: 'FO-2', state: 'new', sent_at: null }),
      row({ number: 'FO-3', state: 'shipped', sent_at: '2026-01-01T00:00:00Z' }),
    ];
    expect(fulfillerEffect(rows)).toBe(
      'A request to fabrikam-3pl to cancel FO-1. What it refuses still ships. Nothing about FO-2: not sent yet, and canceled here.',
    );
    expect(fulfillerEffect(rows.slice(2))).toBe('Nothing: no unit is at a fulfiller.');
  });

  test('the store is told by the active flows that start with the cancellation, or by nothing', () => {
    const other = { ...flow, name: 'other', title: 'Other', trigger: 'order.created' };
    expect(storeEffect([flow, other])).toBe('What “Tell the store” sends: this flow starts with the cancellation.');
    expect(storeEffect([{ ...flow, paused: true }])).toContain('“Tell the store” (paused)');
    const nothing = 'Nothing: no active flow starts when an order is canceled. Cancel it in the store as well.';
    expect(storeEffect([other, { ...flow, active: false }])).toBe(nothing);
  });
});
