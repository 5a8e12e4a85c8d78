import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    // The first browsers with light-dark(); lower targets would have it rewritten at twice the size.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    cssMinify: 'lightningcss',
    // A data: URI would break the content security policy, and so would an inlined preload script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:9180', '/health': 'http://127.0.0.1:9180', '/live': { target: 'ws://127.0.0.1:9180', ws: true } } },
  test: { include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
