import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env['OPENIOM_API'] ?? 'http://127.0.0.1:8000';
const folder = (name: string): string => fileURLToPath(new URL(`./src/${name}`, import.meta.url));

// Endpoints the UI uses when the server offers them. Unit tests answer or refuse them themselves.
const optionalPaths = ['/api/v1/vocabulary', '/api/v1/sourcing/constraint-kinds'];
const openapi = JSON.parse(readFileSync(new URL('./openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, unknown> };
const offeredPaths = process.env['VITEST'] ? optionalPaths : optionalPaths.filter((path) => path in openapi.paths);

export default defineConfig({
  define: { __OPTIONAL_PATHS__: JSON.stringify(offeredPaths) },
  plugins: [react()],
  resolve: {
    alias: {
      '@vocabulary': folder('vocabulary.ts'),
      '@client': folder('client'),
      '@kit': folder('kit'),
      '@features': folder('features'),
      '@shell': folder('shell'),
      '@tests': fileURLToPath(new URL('./tests', import.meta.url)),
    },
  },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': api, '/health': api, '/ready': api } },
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    manifest: true,
    chunkSizeWarningLimit: 1200,
    // The pages of customers are an entry of their own, without the shell and its components.
    rolldownOptions: { input: ['index.html', 'track.html'] },
  },
  test: {
    environment: 'jsdom',
    globals: true,
    setupFiles: ['tests/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'],
    css: false,
    testTimeout: 180_000,
    // A file at a time on a machine with two cores takes twice as long.
    maxWorkers: 2,
    // The files of a worker share its modules: to load Ant Design and the pages for each file took half of the time.
    isolate: false,
  },
});
