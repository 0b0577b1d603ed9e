import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

const eslint = new ESLint({ overrideConfig: [{ rules: { '@typescript-eslint/no-unused-vars': 'off' } }] });

async function boundaryErrors(filePath: string, code: string): Promise<number> {
  const [result] = await eslint.lintText(code, { filePath });
  return result?.messages.filter((message) => message.ruleId === 'no-restricted-imports').length ?? 0;
}

test.each([
  ['src/rooms/orders/verbs.ts', '@rooms/providers/messageVerbs', 1],
  ['src/rooms/orders/verbs.ts', '../providers/messageVerbs', 1],
  ['src/rooms/orders/verbs.ts', '@shell/areas', 1],
  ['src/rooms/orders/verbs.ts', '../../shell/areas', 1],
  ['src/rooms/orders/verbs.ts', '@rooms/orders/columns', 0],
  ['src/rooms/orders/verbs.ts', '@kit/list', 0],
  ['src/rooms/orders/verbs.ts', '@ant-design/icons', 1],
  ['src/shell/areas.tsx', '@ant-design/icons', 1],
  ['src/shell/areas.tsx', '@rooms/orders/OrdersPage', 0],
  ['src/kit/tokens.ts', '@rooms/orders/verbs', 1],
  ['src/kit/tokens.ts', '../rooms/orders/verbs', 1],
  ['src/client/orders.ts', '@kit/list', 1],
])('%s importing %s is refused %i time(s)', async (filePath, imported, refused) => {
  expect(await boundaryErrors(filePath, `import * as it from '${imported}';\nexport default it;\n`)).toBe(refused);
});
