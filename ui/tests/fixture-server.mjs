// Serves ui/dist and a canned API on loopback, for browser tests only: `node tests/fixture-server.mjs PORT [full|empty|signed-out]`.
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as data from './fixtures.mjs';
import * as changeFixtures from './change-fixtures.mjs';
import * as configuration from './configuration-fixtures.mjs';
import * as stock from './inventory-fixtures.mjs';
import * as returning from './returns-fixtures.mjs';

const [port = '4173', mood = 'full'] = process.argv.slice(2);
const empty = mood === 'empty';
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};
const streams = new Set();

const json = (response, body, status = 200) => {
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
  });
  response.end(status === 204 ? undefined : JSON.stringify(body));
};
const missing = (response, path) =>
  json(
    response,
    {
      type: 'urn:openiom:problem:not_found',
      title: 'not found',
      status: 404,
      detail: 'There is no such document',
      instance: path,
      reference: '7f3a9c21d0b4',
      where: path,
      remedy: 'It may have been removed; go back to the list',
    },
    404,
  );
const page = (response, all, query) => {
  const rows = empty ? [] : all;
  const start = Number(query.get('after') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  json(response, {
    items: rows.slice(start, start + limit),
    next: start + limit < rows.length ? String(start + limit) : null,
  });
};
const fits = (row, query, fields) => fields.every((field) => !query.get(field) || row[field] === query.get(field));
const list = (response, all) => json(response, { items: empty ? [] : all });
const body = (request) =>
  new Promise((done) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => done(text ? JSON.parse(text) : {}));
  });
const results = (ids) => ({
  results: ids.map((id, index) => ({
    id,
    ok: index % 4 !== 3,
    reason: index % 4 === 3 ? 'Fulfillment has started' : '',
  })),
});
const session = {
  name: 'Dana Whitaker',
  email: 'dana@fabrikam.example',
  permissions: ['*'],
  environment: 'Sandbox',
  extensions: [],
};
let signedIn = mood !== 'signed-out';

const sortFields = { total: 'total_amount', number: 'number', customer: 'customer_name', placed: 'placed_at', received: 'created_at' };
/** The rows in the order of `sort`, descending with a leading `-`. */
const sorted = (rows, sort) => {
  if (!sort) return rows;
  const field = sortFields[sort.replace(/^-/, '')];
  const sign = sort.startsWith('-') ? -1 : 1;
  return rows.toSorted((one, other) => sign * String(one[field]).localeCompare(String(other[field]), 'en', { numeric: true }));
};
function orderChanges(path, method, order, sent) {
  if (path.endsWith('/preview')) return changeFixtures.previewChange(sent.operations);
  if (method === 'POST') return changeFixtures.appliedChange(order.id, sent.operations ?? []);
  return order.state === 'new' ? changeFixtures.noChanges : changeFixtures.changes;
}
const savedViews = empty ? [] : [{ list: 'orders', name: 'On hold', parameters: { state: 'on_hold', sort: '-total' } }];

async function answer(request, response, path, query) {
  const parts = path.split('/').slice(3);
  const [area, id, sub] = parts;
  const method = request.method ?? 'GET';
  const sent = method === 'GET' ? {} : await body(request);
  if (area === 'session') {
    if (method === 'POST') {
      if (sent.password === 'wrong')
        return json(
          response,
          {
            detail: 'The email or the password is not right',
            status: 401,
            remedy: 'Check both, or ask an administrator for a new password',
            reference: '51c0aa',
          },
          401,
        );
      signedIn = true;
    }
    if (method === 'DELETE') {
      signedIn = false;
      return json(response, null, 204);
    }
    return signedIn ? json(response, session) : json(response, null);
  }
  if (area === 'live') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    streams.add(response);
    request.on('close', () => streams.delete(response));
    return undefined;
  }
  if (area === 'fixture' && id === 'new-order') {
    const first = data.orders[0];
    data.orders.unshift({
      ...first,
      id: crypto.randomUUID(),
      number: String(Number(first.number) + 1),
      state: 'new',
      state_reason: 'New sales order',
      placed_at: new Date().toISOString(),
      sources: [],
    });
    for (const stream of streams)
      stream.write(
        `event: change\ndata: ${JSON.stringify({ events: [{ name: 'order.created', root_id: data.orders[0].id, subject_type: 'order', subject_id: data.orders[0].id, at: new Date().toISOString() }] })}\n\n`,
      );
    return json(response, {});
  }
  if (area === 'orders') {
    if (!id)
      return page(
        response,
        sorted(
          data.orders.filter(
            (row) => fits(row, query, ['state', 'instance']) && (!query.get('search') || row.number.includes(query.get('search'))),
          ),
          query.get('sort'),
        ),
        query,
      );
    if (id === 'check') return json(response, configuration.checkOrder(sent.order));
    if (!id && method === 'POST')
      return json(response, { results: [{ index: 0, ok: true, id: data.orders[0].id, number: sent.orders[0].number }] }, 202);
    if (id === 'lines') return page(response, stock.lines, query);
    if (id === 'matching' && method === 'GET')
      return json(response, {
        count: empty ? 0 : data.orders.filter((row) => fits(row, query, ['state', 'instance'])).length,
        limit: 1000,
      });
    if (id === 'matching')
      return json(response, {
        matched: 40,
        changed: 36,
        refused: [
          {
            reason: 'units of the order are in a fulfillment order; recall it first',
            count: 4,
            orders: data.orders.slice(0, 4).map((row) => ({ id: row.id, number: row.number })),
          },
        ],
        next: sent.after ? null : data.orders[3].id,
      });
    if (id === 'counts') {
      const states = {};
      if (!empty) for (const row of data.orders) states[row.state] = (states[row.state] ?? 0) + 1;
      return json(response, { states, manual_hold: states.on_hold ?? 0, failed: empty ? 0 : 8 });
    }
    if (id === 'tags' && method === 'GET') return json(response, { items: empty ? [] : data.usedTags });
    if (id === 'changes')
      return json(response, {
        results: results(sent.ids).results.map((result) => ({ ...result, number: '', difference: '0.00', currency: 'USD' })),
      });
    const found = data.order(id);
    if (found && sub === 'changes') return json(response, orderChanges(path, method, found, sent));
    if (sub === 'customer-link') return json(response, { url: 'http://127.0.0.1/track/example', expires_at: '2027-02-28T10:00:00Z' });
    if (method === 'POST') return json(response, results(sent.ids));
    if (!found) return missing(response, path);
    if (!sub) return json(response, found);
    const bare = found.state === 'new';
    if (sub === 'notices') return json(response, { enabled: true, items: [] });
    if (sub === 'notes') return json(response, { items: bare ? [] : data.notes, next: null });
    if (sub === 'watchers') return json(response, { watching: !bare, watchers: bare ? [] : ['dana@example.com', 'lee@example.com'] });
    if (sub === 'timeline') return json(response, { events: bare ? data.timeline.slice(-1) : data.timeline });
    if (sub === 'fulfillment-orders')
      return json(response, {
        items: bare || found.state === 'on_hold' ? [] : data.fulfillmentOrders.slice(0, 2).map((row) => data.fulfillmentOrder(row.id)),
      });
    if (sub === 'payments')
      return json(response, bare ? { currency: found.currency, totals: null, methods: [], facts: [] } : data.payments);
    if (sub === 'returns') return json(response, { items: bare || empty ? [] : [returning.returnOrder(returning.returns[0].id)] });
    if (sub === 'returnable') return json(response, { ...returning.returnable, order_id: id });
    if (sub === 'sourcing') return json(response, { decisions: bare ? [] : data.sourcing, moves: bare ? [] : data.moves });
    if (sub === 'flow-runs')
      return json(response, {
        flow_runs: bare ? [] : found.state === 'on_hold' ? [data.failedFlowRun] : data.flowRuns,
      });
  }
  if (area === 'fulfillment-orders') {
    if (!id)
      return page(
        response,
        data.fulfillmentOrders.filter((row) => fits(row, query, ['state', 'source'])),
        query,
      );
    const found = data.fulfillmentOrder(id);
    return found ? json(response, found) : missing(response, path);
  }
  if (area === 'notice-templates') {
    const text = {
      subject: 'Your order {{ order.number }}',
      text: 'Hello {{ customer.name }},',
      html: '<p>Hello {{ customer.name }},</p>',
    };
    const body = { title: 'Order confirmation', event: 'order.created', active: true, languages: { en: text } };
    if (id === 'preview')
      return json(response, { language: 'en', subject: 'Your order 1001', body_text: 'Hello Ann,', body_html: '<p>Hello Ann,</p>' });
    return json(response, {
      items: empty ? [] : [{ name: 'order_confirmation', shipped: true, body }],
      tokens: [{ name: 'order.number', title: 'Number of the order' }],
      lists: { lines: [{ name: 'name', title: "Name of the line's product" }] },
      filters: ['upper'],
    });
  }
  if (area === 'people') return json(response, { items: data.colleagues });
  if (area === 'mentions') return json(response, { items: empty ? [] : data.mentions, next: null });
  if (area === 'watched-orders')
    return method === 'GET' ? json(response, { items: empty ? [] : data.watchedOrders }) : json(response, null, 204);
  if (area === 'notes')
    return method === 'POST' ? json(response, results(sent.order_ids)) : json(response, method === 'PATCH' ? data.notes[1] : null);
  if (area === 'payments') {
    if (id === 'refund')
      return json(response, {
        results: sent.refunds.map((one) => ({
          order_id: one.order_id,
          ok: true,
          amount: one.amount ?? '0',
          ids: [],
          duplicate: false,
          reason: '',
        })),
      });
    if (id === 'retry') return json(response, results(sent.ids));
    return page(response, empty ? [] : data.paymentRows.filter((row) => fits(row, query, ['state', 'kind', 'method'])), query);
  }
  if (area === 'returns') {
    if (id === 'policy') return json(response, returning.returnPolicy);
    if (id === 'counts') {
      const states = {};
      if (!empty) for (const row of returning.returns) states[row.state] = (states[row.state] ?? 0) + 1;
      return json(response, { states, refund_due: empty ? 0 : 1 });
    }
    if (!id && method === 'POST')
      return json(response, { results: [{ index: 0, ok: true, id: returning.returns[1].id, number: 'RMA-100002', reason: '' }] }, 201);
    if (!id) {
      const search = (query.get('search') ?? '').toLowerCase();
      const found = returning.returns.filter(
        (row) => fits(row, query, ['state', 'outcome', 'origin']) && row.number.toLowerCase().startsWith(search),
      );
      return page(response, found, query);
    }
    if (method === 'POST') return json(response, results(sent.ids ?? sent.items.map((item) => item.id)));
    const found = returning.returnOrder(id);
    if (!found) return missing(response, path);
    return json(response, sub === 'timeline' ? { events: returning.returnTimeline } : found);
  }
  if (area === 'saved-views') {
    const at = savedViews.findIndex(
      (view) => view.list === (sent.list ?? query.get('list')) && view.name === (sent.name ?? query.get('name')),
    );
    if (method === 'PUT') {
      savedViews.splice(at < 0 ? savedViews.length : at, at < 0 ? 0 : 1, sent);
      return json(response, sent);
    }
    if (method === 'DELETE') {
      if (at >= 0) savedViews.splice(at, 1);
      return json(response, null, 204);
    }
    return json(response, { items: savedViews.filter((view) => view.list === query.get('list')) });
  }
  if (area === 'attention')
    return json(response, {
      outages: [],
      orders: empty ? 0 : 8,
      parked_messages: empty ? 0 : 3,
      failed_runs: empty ? 0 : 1,
      mentions: empty ? 0 : 1,
      payments: empty ? 0 : 1,
      limit: 10_000,
    });
  if (area === 'towns') return json(response, { towns: data.towns });
  if (area === 'home') return json(response, empty ? { items: [], limit: 10_000 } : data.home);
  if (area === 'flow-runs') return json(response, results(sent.order_ids ?? sent.run_ids));
  if (area === 'runs')
    return page(
      response,
      data.runs.filter((row) => fits(row, query, ['state', 'flow'])),
      query,
    );
  if (area === 'flows' && method === 'POST') {
    for (const flow of [data.flow, ...data.flows]) if (sent.names.includes(flow.name)) flow.paused = id === 'pause';
    return json(response, { state: id === 'pause' ? 'paused' : 'running', released: 0 });
  }
  if (area === 'flows') return !id ? list(response, data.flows) : json(response, sub === 'counts' ? data.flowCounts : data.flow);
  if (area === 'policies') return list(response, data.policies);
  if (area === 'providers') return list(response, data.catalog);
  if (area === 'provider-instances') {
    if (!id) return list(response, data.instances);
    const instance = data.instances.find((row) => row.name === id);
    if (sub === 'pause') Object.assign(instance, { paused_at: new Date().toISOString(), paused_by: session.email });
    if (sub === 'resume') {
      Object.assign(instance, { paused_at: null, paused_by: '' });
      return json(response, { instance, messages: 12, calls: 3 });
    }
    return json(response, sub === 'poll' ? { received: 3 } : (instance ?? data.instances[0]));
  }
  if (area === 'provider-calls')
    return page(
      response,
      data.calls.filter((row) => fits(row, query, ['instance']) && (query.get('failed') !== 'true' || !row.ok)),
      query,
    );
  if (area === 'messages') {
    if (id === 'unmapped-keys') return list(response, data.missingKeys);
    if (method === 'POST') return json(response, results(sent.ids));
    if (!id) return page(response, data.messages, query);
    return json(response, {
      ...data.messages.find((row) => row.id === id),
      payload: data.payload,
      document: null,
    });
  }
  if (area === 'mappings') {
    if (id === 'preview') return json(response, data.mappingRelease);
    if (id === 'delete') return json(response, { deleted: sent.mappings.length, orders: [] });
    return method === 'PUT'
      ? json(response, { results: sent.mappings.map(() => ({ ok: true, reason: '' })), replayed: 6, messages: [] })
      : page(response, data.mappings, query);
  }
  if (area === 'inventory') return inventory(response, [id, sub], query, sent);
  if (area === 'sources') return list(response, data.sources);
  if (area === 'configuration') {
    if (method === 'POST')
      return json(response, {
        changes: sent.documents.map(({ kind, name }) => ({ kind, name, change: 'changed', version: 2, paths: [] })),
      });
    if (method === 'DELETE') return json(response, { changes: [] });
    return json(response, { documents: !empty && query.get('kind') === 'provider_instance' ? configuration.instanceDocuments : [] });
  }
  if (area === 'products') {
    const words = (query.get('search') ?? '').toLowerCase();
    return page(
      response,
      configuration.products.filter((row) => `${row.number} ${row.name} ${row.sku}`.toLowerCase().includes(words)),
      query,
    );
  }
  if (area === 'accounts') return page(response, configuration.accounts, query);
  if (area === 'currencies')
    return page(
      response,
      [
        { name: 'EUR', title: 'Euro' },
        { name: 'USD', title: 'US dollar' },
      ],
      query,
    );
  if (area === 'users') return administer(response, configuration.users, id, method, sent);
  if (area === 'roles') return json(response, configuration.roles);
  if (area === 'api-tokens') {
    if (method === 'POST')
      return json(response, { name: sent.name, token: 'iom_fixture-token-shown-once', expires_at: new Date().toISOString() }, 201);
    return method === 'DELETE' ? json(response, null, 204) : list(response, configuration.tokens);
  }
  if (area === 'vocabulary')
    return json(response, { entities: [], events: [], order_columns: [{ name: 'customer_email', title: 'Email' }] });
  if (area === 'search')
    return list(response, [
      {
        kind: 'order',
        label: `Order ${data.orders[0].number}`,
        detail: 'Ana Souza, Portland',
        path: `/orders/${data.orders[0].id}`,
      },
      { kind: 'product', label: 'Accu Scale', detail: '3 sources', path: '/inventory?product=Accu%20Scale' },
    ]);
  return missing(response, path);
}

function administer(response, users, id, method, sent) {
  if (method === 'GET') return list(response, users);
  if (!id) return json(response, { id: crypto.randomUUID(), active: true, ...sent, password: undefined }, 201);
  if (method !== 'PATCH') return json(response, null, 204);
  return json(
    response,
    Object.assign(
      users.find((user) => user.id === id),
      sent,
    ),
  );
}

function inventory(response, [what, sub], query, sent) {
  const lists = {
    visibility: stock.groups,
    reservations: stock.reservations,
    allocations: sub === 'pools' ? stock.pools : sub === 'moves' ? stock.moves : stock.allocations,
    'supply-orders': stock.supply,
    feeds: stock.feeds,
    chain: stock.chain,
    atp: stock.timelines,
  };
  const single = { shape: stock.shape, health: stock.health };
  const requested = sent.ids ?? sent.operations ?? sent.orders ?? sent.receipts ?? sent.lines;
  if (requested)
    return json(response, {
      results: requested.map((one, index) => ({
        id: one.id ?? one,
        index,
        ok: true,
        duplicate: false,
        reason: '',
      })),
    });
  if (what === 'keys') return sub ? json(response, { ...stock.key, stock_id: Number(sub) }) : page(response, stock.keys, query);
  if (sub === 'ledger') return page(response, stock.ledger, query);
  if (sub === 'balances') return json(response, stock.balances);
  if (what in single) return json(response, single[what]);
  return page(response, lists[what] ?? [], query);
}

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname.startsWith('/api/')) return void answer(request, response, url.pathname, url.searchParams);
  const file = join(dist, normalize(url.pathname));
  const found = extname(file) && existsSync(file) ? file : join(dist, 'index.html');
  response.writeHead(200, { 'content-type': types[extname(found)] ?? 'application/octet-stream' });
  createReadStream(found).pipe(response);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write(`ready on ${port}\n`));
