import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

// Only these rules: those that need types take the compiler half a minute.
const rules = ['no-restricted-imports', 'no-restricted-syntax'];
const eslint = new ESLint({
  ruleFilter: ({ ruleId }) => rules.includes(ruleId),
  overrideConfig: [{ languageOptions: { parserOptions: { projectService: false } } }],
});

async function errorsOf(ruleId: string, filePath: string, code: string): Promise<number> {
  const [result] = await eslint.lintText(code, { filePath });
  return result?.messages.filter((message) => message.ruleId === ruleId).length ?? 0;
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
  expect(await errorsOf('no-restricted-imports', filePath, `import * as it from '${imported}';\nexport default it;\n`)).toBe(refused);
});

test.each([
  ['<Button disabled={isEmpty}>Save</Button>', 1],
  ['<button disabled>Save</button>', 1],
  ['<Modal okButtonProps={{ danger: true, disabled: isEmpty }} />', 1],
  ['<Modal okButtonProps={{ danger: true }} />', 0],
  ['<ExplainedButton allowed={!isEmpty} disabledReason="Enter a name first" />', 0],
  ['<Input disabled={isFixed} />', 0],
])('%s is refused %i time(s): a disabled button says why', async (element, refused) => {
  const code = `export const page = (isEmpty: boolean) => ${element};\n`;
  expect(await errorsOf('no-restricted-syntax', 'src/features/orders/OrdersPage.tsx', code)).toBe(refused);
});

test('no button of the product is disabled without a reason', async () => {
  const results = await eslint.lintFiles(['src']);
  const plain = results.flatMap(({ filePath, messages }) =>
    messages.filter(({ ruleId }) => ruleId === 'no-restricted-syntax').map(({ line }) => `${filePath}:${line}`),
  );
  expect(plain).toEqual([]);
}, 60_000);
