import { ESLint, Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';
import copy from '../lint/plainCopy.js';

const linter = new Linter();

/** What the rule refuses in a component with this code. */
function refused(code: string): string[] {
  const messages = linter.verify(
    code,
    [
      {
        files: ['**/*.tsx'],
        languageOptions: { parser: tseslint.parser, parserOptions: { ecmaFeatures: { jsx: true } } },
        plugins: { copy },
        rules: { 'copy/plain-copy': 'error' },
      },
    ],
    { filename: 'src/features/orders/OrdersPage.tsx' },
  );
  return messages.map((message) => /^"(.*)" in a text/.exec(message.message)?.[1] ?? message.message);
}

describe('words that are refused', () => {
  test.each([
    ['<p>The store was told.</p>', 'told'],
    ['<p>The provider tells OpenIOM.</p>', 'tells'],
    ["const hint = 'For example: customer asked to wait';", 'asked'],
    ["const label = 'Held orders';", 'Held'],
    ["const title = 'This line is held';", 'held'],
    ['<Card title="Taken by another worker" />', 'Taken'],
    ['const text = `${order.number} is settled`;', 'settled'],
    ["const text = 'No room for more parcels';", 'room'],
    ["const text = 'Orders of this wave';", 'wave'],
    ['<p>Nobody is signed in</p>', 'Nobody'],
    ["const text = 'Lines let go by hand';", 'let go'],
    ["const text = 'The stock is gone';", 'gone'],
    ["const text = 'Stands at a step';", 'Stands'],
    ["const text = 'Deleted for good';", 'for good'],
    ["const text = 'Failed journeys';", 'journeys'],
  ])('%s', (code, word) => {
    expect(refused(code)).toEqual([word]);
  });
});

describe('names of the API that are refused', () => {
  test.each([
    ['<p>Wait for order.created</p>', 'order.created'],
    ['<p>The state is fulfillment_in_process</p>', 'fulfillment_in_process'],
    ["const reason = 'You need the permission orders.write';", 'orders.write'],
    ['<p>Expires after PT2H</p>', 'PT2H'],
    ['<p>Every P1D</p>', 'P1D'],
    ['<p>At most P1DT12H</p>', 'P1DT12H'],
  ])('%s', (code, name) => {
    expect(refused(code)).toEqual([name]);
  });
});

describe('texts and code that are allowed', () => {
  test.each([
    '<p>Stock reserved for this order</p>',
    '<p>Warehouses and stores</p>',
    '<p>Threshold of the picking wave</p>',
    '<p>There are good reasons for good reasons</p>',
    "import { held } from './held and told';",
    "const states = { 'order is held': 1 };",
    "const query = useQuery({ queryKey: ['told'] });",
    '<div className="room held" />',
    '<code>openiom.providers</code>',
    '<p>Set OPENIOM_FEED_DIR</p>',
    '<p>1.5 kg, 24 h, ship-to address, and/or</p>',
    "throw new Error('index.html has no element told apart');",
    "const path = '/orders/held';",
    "const event = 'order.created';",
    'const path = `/orders/${told}?state=on_hold`;',
  ])('%s', (code) => {
    expect(refused(code)).toEqual([]);
  });
});

test('several words in one text are each reported', () => {
  expect(refused('<p>The store was told that the order is held</p>')).toEqual(['told', 'held']);
});

test('the message names the word and what to write instead', () => {
  const [message] = linter.verify("const text = 'This order is held';", [{ plugins: { copy }, rules: { 'copy/plain-copy': 'error' } }]);
  expect(message?.message).toBe('"held" in a text of the user interface: write on hold, or reserved');
});

test.each([
  ['src/features/orders/OrdersPage.tsx', true],
  ['src/kit/format.tsx', true],
  ['src/vocabulary.ts', true],
  ['src/features/orders/orders.test.tsx', false],
  ['tests/harness.tsx', false],
])('the rule applies to %s: %s', async (file, applies) => {
  const config = (await new ESLint().calculateConfigForFile(file)) as Linter.Config;
  expect('copy/plain-copy' in (config.rules ?? {})).toBe(applies);
});
