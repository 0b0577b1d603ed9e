import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

// Only this rule: those that need types take the compiler half a minute.
const eslint = new ESLint({
  ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-imports',
  overrideConfig: [{ languageOptions: { parserOptions: { projectService: false } } }],
});

async function boundaryErrors(filePath: string, code: string): Promise<number> {
  const [result] = await eslint.lintText(code, { filePath });
  return result?.messages.filter((message) => message.ruleId === 'no-restricted-imports').length ?? 0;
}

test.each([
  ['src/features/orders/orderActions.ts', '@features/providers/messageActions', 1],
  ['src/features/orders/orderActions.ts', '../providers/messageActions', 1],
  ['src/features/orders/orderActions.ts', '@shell/navigationItems', 1],
  ['src/features/orders/orderActions.ts', '../../shell/navigationItems', 1],
  ['src/features/orders/orderActions.ts', '@features/orders/orderColumns', 0],
  ['src/features/orders/orderActions.ts', '@kit/list', 0],
  ['src/features/orders/orderActions.ts', '@ant-design/icons', 1],
  ['src/shell/navigationItems.tsx', '@ant-design/icons', 1],
  ['src/shell/navigationItems.tsx', '@features/orders/OrdersPage', 0],
  ['src/kit/tokens.ts', '@features/orders/orderActions', 1],
  ['src/kit/tokens.ts', '../features/orders/orderActions', 1],
  ['src/client/orders.ts', '@kit/list', 1],
])('%s importing %s is refused %i time(s)', async (filePath, imported, refused) => {
  expect(await boundaryErrors(filePath, `import * as it from '${imported}';\nexport default it;\n`)).toBe(refused);
});
