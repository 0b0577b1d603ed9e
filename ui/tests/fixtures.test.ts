import { describe, expect, test } from 'vitest';
import openapi from '../openapi.json';
import { changes } from './change-fixtures.mjs';
import * as configuration from './configuration-fixtures.mjs';
import * as fixtures from './fixtures.mjs';
import { isOperation } from './harness';
import * as inventory from './inventory-fixtures.mjs';

interface Schema {
  $ref?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}
const schemas = openapi.components.schemas as unknown as Record<string, Schema>;

const resolve = (schema: Schema): Schema => (schema.$ref === undefined ? schema : (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}));

/** The schema of the rows in the response of `GET path`; `list` names the property with the rows. */
function rowSchema(path: string, list: string | undefined): Schema {
  const operation = (openapi.paths as Record<string, Record<string, unknown>>)[path]?.get as {
    responses: { 200: { content: { 'application/json': { schema: Schema } } } };
  };
  const body = resolve(operation.responses[200].content['application/json'].schema);
  if (list === undefined) return body;
  return resolve(resolve(body.properties?.[list] ?? {}).items ?? {});
}

describe('fixtures have the fields of the API', () => {
  test.each<[string, string | undefined, unknown]>([
    ['/api/v1/orders', 'items', fixtures.orders[0]],
    ['/api/v1/orders/{order_id}/timeline', 'events', fixtures.timeline[0]],
    ['/api/v1/orders/{order_id}/changes', 'changes', changes.changes[0]],
    ['/api/v1/orders/{order_id}/sourcing', 'decisions', fixtures.sourcing[0]],
    ['/api/v1/orders/{order_id}/sourcing', 'moves', fixtures.moves[0]],
    ['/api/v1/orders/{order_id}/notes', 'items', fixtures.notes[0]],
    ['/api/v1/mentions', 'items', fixtures.mentions[0]],
    ['/api/v1/watched-orders', 'items', fixtures.watchedOrders[0]],
    ['/api/v1/orders/tags', 'items', fixtures.usedTags[0]],
    ['/api/v1/people', 'items', fixtures.colleagues[0]],
    ['/api/v1/home', 'items', fixtures.home.items[0]],
    ['/api/v1/fulfillment-orders', 'items', fixtures.fulfillmentOrders[0]],
    ['/api/v1/payments', 'items', fixtures.paymentRows[0]],
    ['/api/v1/orders/{order_id}/payments', undefined, fixtures.payments],
    ['/api/v1/orders/{order_id}/payments', 'methods', fixtures.payments.methods[0]],
    ['/api/v1/orders/{order_id}/payments', 'facts', fixtures.payments.facts[0]],
    ['/api/v1/flows', 'items', fixtures.flows[0]],
    ['/api/v1/runs', 'items', fixtures.runs[0]],
    ['/api/v1/messages', 'items', fixtures.messages[0]],
    ['/api/v1/messages/unmapped-keys', 'items', fixtures.missingKeys[0]],
    ['/api/v1/provider-instances', 'items', fixtures.instances[0]],
    ['/api/v1/users', 'items', configuration.users[0]],
    ['/api/v1/roles', 'items', configuration.roles.items[0]],
    ['/api/v1/api-tokens', 'items', configuration.tokens[0]],
    ['/api/v1/products', 'items', configuration.products[0]],
    ['/api/v1/provider-calls', 'items', fixtures.calls[0]],
    ['/api/v1/inventory/shape', undefined, inventory.shape],
    ['/api/v1/inventory/visibility', 'items', inventory.groups[0]],
    ['/api/v1/inventory/keys', 'items', inventory.keys[0]],
    ['/api/v1/inventory/{stock_id}/ledger', 'items', inventory.ledger[0]],
    ['/api/v1/inventory/{stock_id}/balances', undefined, inventory.balances],
    ['/api/v1/inventory/chain', 'items', inventory.chain[0]],
    ['/api/v1/inventory/health', undefined, inventory.health],
    ['/api/v1/inventory/reservations', 'items', inventory.reservations[0]],
    ['/api/v1/inventory/allocations', 'items', inventory.allocations[0]],
    ['/api/v1/inventory/allocations/pools', 'items', inventory.pools[0]],
    ['/api/v1/inventory/allocations/{allocation_id}/moves', 'items', inventory.moves[0]],
    ['/api/v1/inventory/feeds', 'items', inventory.feeds[0]],
    ['/api/v1/inventory/atp', 'items', inventory.timelines[0]],
  ])('%s', (path, list, fixture) => {
    const schema = rowSchema(path, list);
    const names = Object.keys(Object(fixture) as object);
    expect(names.filter((name) => !(name in (schema.properties ?? {})))).toEqual([]);
    expect((schema.required ?? []).filter((name) => !names.includes(name))).toEqual([]);
  });
});

test('the actions of an order say whether and why they are allowed', () => {
  const actions = fixtures.order(fixtures.orders[0]?.id ?? '')?.actions ?? {};
  expect(Object.keys(actions)).toEqual(Object.keys(schemas.AllowedActions?.properties ?? {}));
  for (const action of Object.values<object>(actions)) {
    expect(Object.keys(action)).toEqual(Object.keys(schemas.AllowedAction?.properties ?? {}));
  }
});

test('the verdict on an order has the fields of the API', () => {
  for (const row of fixtures.orders.slice(0, 20)) {
    const verdict = fixtures.order(row.id)?.verdict ?? {};
    expect(Object.keys(verdict).toSorted()).toEqual(Object.keys(schemas.OrderVerdict?.properties ?? {}).toSorted());
  }
});

test.each([
  ['GET /api/v1/orders', true],
  ['GET /api/v1/orders/0198a000-0000-7000-8000-000000000001/timeline', true],
  ['DELETE /api/v1/session', true],
  ['GET /api/v1/order-names', false],
  ['PATCH /api/v1/orders', false],
  ['GET /api/v1/orders/1/timeline/2', false],
])('%s is an operation of the API: %s', (key, known) => {
  expect(isOperation(key)).toBe(known);
});
