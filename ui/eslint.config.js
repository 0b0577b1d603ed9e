import { readdirSync } from 'node:fs';
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const rooms = readdirSync(new URL('./src/rooms', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** Forbid imports of `targets` (folder names under src), said with `message`. */
const mayNotImport = (files, targets, message) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { regex: `^@(${targets.join('|')})(/|$)`, message },
          { regex: `(^|/)\\.\\./(.*/)?(${targets.join('|')})(/|$)`, message },
        ],
      },
    ],
  },
});

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
  mayNotImport(['src/client/**'], ['kit', 'rooms', 'shell'], 'client speaks to the server and knows no page'),
  mayNotImport(['src/kit/**'], ['rooms', 'shell'], 'kit is below the rooms and the shell'),
  ...rooms.map((room) => ({
    files: [`src/rooms/${room}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^@shell(/|$)', message: 'a room does not know the shell around it' },
            { regex: '(^|/)shell(/|$)', message: 'a room does not know the shell around it' },
            { regex: `^@rooms/(?!${room}(/|$))`, message: 'rooms never import rooms: lift what both need into kit or client' },
            {
              regex: `^\\.\\./(\\.\\./)*(${rooms.filter((other) => other !== room).join('|')})(/|$)`,
              message: 'rooms never import rooms: lift what both need into kit or client',
            },
          ],
        },
      ],
    },
  })),
);
