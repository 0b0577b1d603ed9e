import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env['OPENIOM_API'] ?? 'http://127.0.0.1:8000';
const folder = (name: string): string => fileURLToPath(new URL(`./src/${name}`, import.meta.url));

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      '@client': folder('client'),
      '@kit': folder('kit'),
      '@features': folder('features'),
      '@shell': folder('shell'),
      '@tests': fileURLToPath(new URL('./tests', import.meta.url)),
    },
  },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': api, '/health': api, '/ready': api } },
  worker: { format: 'es' },
  build: { outDir: 'dist', manifest: true, chunkSizeWarningLimit: 1200 },
  test: {
    environment: 'jsdom',
    globals: true,
    setupFiles: ['tests/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'],
    css: false,
    testTimeout: 180_000,
  },
});
