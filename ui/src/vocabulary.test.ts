import { afterEach, describe, expect, test } from 'vitest';
import {
  actorLabel,
  actionLabel,
  applyServerVocabulary,
  costPartLabel,
  eventTitle,
  humanize,
  isEventName,
  portLabel,
  reasonBesideState,
  reasonLabel,
  stateLabel,
  stateTone,
  stepKindLabel,
} from './vocabulary';

afterEach(() => applyServerVocabulary(null));

describe('built-in titles', () => {
  test.each([
    ['new', 'New', 'neutral'],
    ['on_hold', 'On hold', 'attention'],
    ['fulfillment_in_process', 'In fulfillment', 'moving'],
    ['completed', 'Completed', 'done'],
    ['green', 'Connected', 'done'],
    ['stale', 'Superseded', 'ended'],
  ])('the state %s is labeled %s with the tone %s', (state, label, tone) => {
    expect(stateLabel(state)).toBe(label);
    expect(stateTone(state)).toBe(tone);
  });

  test('an unknown state is humanized and neutral', () => {
    expect(stateLabel('awaiting_customs')).toBe('Awaiting customs');
    expect(stateTone('awaiting_customs')).toBe('neutral');
  });

  test.each([
    ['order.created', 'Order created'],
    ['order.backorder_hold_released', 'Waiting line released'],
    ['fulfillment_order.created', 'Fulfillment order created'],
    ['order.lines_validation.failed', 'Order lines validation failed'],
  ])('the event %s has the title %s', (name, title) => {
    expect(eventTitle(name)).toBe(title);
  });

  test('the title delivered with an event wins over the built-in one', () => {
    expect(eventTitle('order.created', 'New order')).toBe('New order');
  });

  test.each([
    ['Backorder Hold', 'Backorder hold'],
    ['Sent To Fulfillment', 'Sent to fulfillment'],
    ['Fulfilled', 'Fulfilled'],
    ['The buyer called Ana Souza', 'The buyer called Ana Souza'],
    ['', ''],
  ])('the reason %j is shown as %j', (reason, label) => {
    expect(reasonLabel(reason)).toBe(label);
  });

  test.each([
    ['provider_action', 'Provider call'],
    ['splitter', 'Parallel split'],
    ['send_mail', 'Send mail'],
  ])('the step kind %s is labeled %s', (kind, label) => {
    expect(stepKindLabel(kind)).toBe(label);
  });

  test.each([
    ['timed_out', 'Timed out'],
    ['happened', 'Event received'],
    ['other_path', 'Other path'],
  ])('the port %s is labeled %s', (port, label) => {
    expect(portLabel(port)).toBe(label);
  });

  test.each([
    ['orders.confirm_billing', 'Confirm billing'],
    ['fulfillment_optimization.source', 'Choose sources and reserve stock'],
    ['returns.create_label', 'Create label'],
    ['notify', 'Notify'],
  ])('the action %s is labeled %s', (action, label) => {
    expect(actionLabel(action)).toBe(label);
  });

  test('cost parts have titles', () => {
    expect(costPartLabel('carriage')).toBe('Shipping');
    expect(costPartLabel('customs_duty')).toBe('Customs duty');
  });

  test('only known names are event names', () => {
    expect(isEventName('order.created')).toBe(true);
    expect(isEventName('fabrikam.example.com')).toBe(false);
  });
});

describe('server titles', () => {
  test('titles listed by entity win over the built-in ones', () => {
    applyServerVocabulary({
      entities: {
        order: {
          states: [{ name: 'on_hold', title: 'Paused' }],
          reasons: [{ name: 'Backorder Hold', title: 'Waiting for stock' }],
          events: [{ name: 'order.created', title: 'New order' }],
        },
        shipment: { events: { 'shipment.pushed': 'Store notified' } },
      },
    });
    expect(stateLabel('on_hold')).toBe('Paused');
    expect(stateTone('on_hold')).toBe('attention');
    expect(reasonLabel('Backorder Hold')).toBe('Waiting for stock');
    expect(eventTitle('order.created', 'Delivered with the event')).toBe('New order');
    expect(eventTitle('shipment.pushed')).toBe('Store notified');
    expect(isEventName('shipment.pushed')).toBe(true);
  });

  test('entities may be a list and titles may be objects', () => {
    applyServerVocabulary({ items: [{ name: 'order', states: { new: { title: 'Just placed' } } }] });
    expect(stateLabel('new')).toBe('Just placed');
  });

  test('titles may be listed without entities', () => {
    applyServerVocabulary({ states: { completed: 'Done and shipped' } });
    expect(stateLabel('completed')).toBe('Done and shipped');
  });

  test.each([null, undefined, 'text', 4, [], { entities: 'none' }, { states: [{ title: 'No name' }, 'text'] }])(
    'the malformed vocabulary %j leaves the built-in titles',
    (document) => {
      applyServerVocabulary(document);
      expect(stateLabel('new')).toBe('New');
      expect(eventTitle('order.created')).toBe('Order created');
    },
  );

  test('empty titles are ignored', () => {
    applyServerVocabulary({ states: [{ name: 'new', title: '' }] });
    expect(stateLabel('new')).toBe('New');
  });

  test.each([
    ['new', 'New sales order', 'New'],
    ['new', 'New Sales Order Product', 'New'],
    ['on_hold', 'Sales Order On Hold', 'On hold'],
    ['on_hold', 'Sales Order Product On Hold', 'On hold'],
    ['in_progress', 'Sales Order In Progress', 'In progress'],
    ['fulfillment_in_process', 'Sales Order Fulfillment in Process', 'In fulfillment'],
    ['fulfillment_in_process', 'Sales Order Product Fulfillment in Process', 'In fulfillment'],
    ['completed', 'Sales Order Completed', 'Completed'],
    ['sent', 'Sent To Fulfillment', 'Sent to fulfillment'],
    ['on_hold', 'Waiting for Dana', 'Waiting for Dana'],
    ['customs', 'Held by customs', 'Held by customs'],
  ])('the state %s titled %j is labeled %s', (name, title, label) => {
    applyServerVocabulary({ states: [{ name, title }] });
    expect(stateLabel(name)).toBe(label);
  });

  test('the titles of reasons are shown in sentence case', () => {
    applyServerVocabulary({ entities: [{ entity: 'order', reasons: [{ name: 'Backorder Hold', title: 'Backorder Hold' }] }] });
    expect(reasonLabel('Backorder Hold')).toBe('Backorder hold');
  });

  test('a new vocabulary replaces the previous one', () => {
    applyServerVocabulary({ states: { new: 'First' } });
    applyServerVocabulary({ states: { on_hold: 'Second' } });
    expect(stateLabel('new')).toBe('New');
    expect(stateLabel('on_hold')).toBe('Second');
  });
});

test.each([
  ['fulfillment_order', 'Fulfillment order'],
  ['order.created', 'Order created'],
  ['SKU', 'SKU'],
  ['0.96 EUR off', '0.96 EUR off'],
  ['no stock at bad.json', 'No stock at bad.json'],
  ['', ''],
])('%j is humanized as %j', (name, text) => {
  expect(humanize(name)).toBe(text);
});

test.each([
  ['provider:fabrikam-3pl', 'provider fabrikam-3pl'],
  ['flow:fabrikam-order-flow', 'flow fabrikam-order-flow'],
  ['ann@fabrikam.example', 'ann@fabrikam.example'],
])('the actor %s is shown as %s', (actor, label) => {
  expect(actorLabel(actor)).toBe(label);
});

test('a reason that only repeats the state is not shown', () => {
  expect(reasonBesideState('delivered', 'Delivered')).toBe('');
  expect(reasonBesideState('declined', 'Out of stock')).toBe('Out of stock');
});
