import { readdirSync } from 'node:fs';
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import copy from './lint/plainCopy.js';

const features = readdirSync(new URL('./src/features', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const silentIcons = {
  regex: '^@ant-design/icons',
  message: 'import icons from @kit/icons: screen readers do not announce those by file name',
};

/** Forbid imports that match `patterns` in `files`. ESLint replaces earlier entries for the same file, so each entry carries all patterns. */
const forbid = (files, ...patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns: [silentIcons, ...patterns] }] } });

/** A disabled button cannot be reached by the keyboard, and does not say why it is disabled. */
const explained = 'use ExplainedButton of the kit, or SubmitFooter in a dialog: a disabled button says why it is';
const plainDisabledButtons = [
  { selector: 'JSXOpeningElement[name.name=/^(Button|button)$/] > JSXAttribute[name.name="disabled"]', message: explained },
  { selector: 'JSXAttribute[name.name="okButtonProps"] Property[key.name="disabled"]', message: explained },
];

/** Imports of a folder directly under src, by alias or by path. */
const folder = (names, message) => [
  { regex: `^@(${names.join('|')})(/|$)`, message },
  { regex: `(^|/)\\.\\./(.*/)?(${names.join('|')})(/|$)`, message },
];
const featuresAreIndependent = 'features do not import each other: move shared code to kit or client';
const siblings = (feature) => features.filter((other) => other !== feature).join('|');

export default defineConfig(
  { ignores: ['dist', 'node_modules', 'src/client/schema.d.ts'] },
  {
    files: ['src/**/*.{ts,tsx}', 'tests/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, hooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400, skipComments: true, skipBlankLines: true }],
      'no-console': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  { files: ['src/**/*.{ts,tsx}'], ignores: ['src/**/*.test.{ts,tsx}'], plugins: { copy }, rules: { 'copy/plain-copy': 'error' } },
  {
    files: ['src/**/*.tsx'],
    ignores: ['src/**/*.test.tsx'],
    rules: { 'no-restricted-syntax': ['error', ...plainDisabledButtons] },
  },
  forbid(['src/shell/**']),
  forbid(['src/client/**'], ...folder(['kit', 'features', 'shell'], 'client is the lowest layer')),
  forbid(['src/kit/**'], ...folder(['features', 'shell'], 'kit is below features and shell')),
  ...features.map((feature) =>
    forbid(
      [`src/features/${feature}/**`],
      ...folder(['shell'], 'features do not depend on the shell'),
      { regex: `^@features/(?!${feature}(/|$))`, message: featuresAreIndependent },
      { regex: `^(\\.\\./)+(features/)?(${siblings(feature)})(/|$)`, message: featuresAreIndependent },
    ),
  ),
  { files: ['src/kit/icons.tsx'], rules: { 'no-restricted-imports': 'off' } },
  // A missing element fails the test that asserts on it, with the line as the message.
  { files: ['src/**/*.test.{ts,tsx}', 'tests/**/*.{ts,tsx}'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
