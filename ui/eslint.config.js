import { readdirSync } from 'node:fs';
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const rooms = readdirSync(new URL('./src/rooms', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const silentIcons = { regex: '^@ant-design/icons', message: 'take icons from @kit/icons: they do not read their file names aloud' };

/** Forbid what `patterns` name in `files`; the newest entry for a file replaces older ones, so each carries all. */
const forbid = (files, ...patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns: [silentIcons, ...patterns] }] } });

/** Imports of a folder right under src, by alias or by path. */
const folder = (names, message) => [
  { regex: `^@(${names.join('|')})(/|$)`, message },
  { regex: `(^|/)\\.\\./(.*/)?(${names.join('|')})(/|$)`, message },
];
const roomsApart = 'rooms never import rooms: lift what both need into kit or client';

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
  forbid(['src/shell/**']),
  forbid(['src/client/**'], ...folder(['kit', 'rooms', 'shell'], 'client speaks to the server and knows no page')),
  forbid(['src/kit/**'], ...folder(['rooms', 'shell'], 'kit is below the rooms and the shell')),
  ...rooms.map((room) =>
    forbid(
      [`src/rooms/${room}/**`],
      ...folder(['shell'], 'a room does not know the shell around it'),
      { regex: `^@rooms/(?!${room}(/|$))`, message: roomsApart },
      { regex: `^(\\.\\./)+(rooms/)?(${rooms.filter((other) => other !== room).join('|')})(/|$)`, message: roomsApart },
    ),
  ),
  { files: ['src/kit/icons.tsx'], rules: { 'no-restricted-imports': 'off' } },
);
