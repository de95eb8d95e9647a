import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { mockServer } from './dev/mock-plugin';

// `npm run dev` talks to a running Orrery; `npm run dev:mock` needs none.
const server = process.env.ORRERY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/',
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  plugins: [react(), tailwindcss(), ...(process.env.ORRERY_MOCK ? [mockServer()] : [])],
  build: { target: 'es2023', modulePreload: { polyfill: false }, manifest: true },
  // The server compares `Origin` with `Host`, so the name stays the one that the browser asked for.
  server: { proxy: { '^/(d/[^/]+/)?api/': { target: server, changeOrigin: false } } },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
