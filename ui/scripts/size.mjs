// What a browser must load before the first page can be used: the entry and its static imports, gzipped.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = 400;
const CUSTOMER_LIMIT_KB = 150;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const closure = (start) => {
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    (manifest[key]?.imports ?? []).forEach(visit);
  };
  start.forEach(visit);
  return seen;
};
const kilobytes = (keys) =>
  [...keys].reduce((sum, key) => sum + gzipSync(readFileSync(new URL(manifest[key].file, dist))).length, 0) / 1024;

const entry = 'index.html';
const firstPage = Object.keys(manifest).find((key) => key.endsWith('features/orders/OrdersPage.tsx'));
const initial = kilobytes(closure([entry]));
const withOrders = kilobytes(closure([entry, firstPage].filter(Boolean)));
process.stdout.write(`initial ${initial.toFixed(0)} kB, with the orders list ${withOrders.toFixed(0)} kB (gzip, limit ${LIMIT_KB} kB)\n`);
if (withOrders > LIMIT_KB) {
  process.stderr.write('The first page grew past its limit: load what it does not need at once lazily.\n');
  process.exit(1);
}

const customer = kilobytes(closure(['track.html']));
process.stdout.write(`pages of customers ${customer.toFixed(0)} kB (gzip, limit ${CUSTOMER_LIMIT_KB} kB)\n`);
if (customer > CUSTOMER_LIMIT_KB) {
  process.stderr.write('The pages of customers grew past their limit.\n');
  process.exit(1);
}
