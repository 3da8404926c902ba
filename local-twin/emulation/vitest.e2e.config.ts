import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// The laptop's end-to-end suite, its enclave on level B: one module is replaced, no test is changed.
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  resolve: {
    conditions: ['source'],
    alias: [
      {
        find: /^.*\/src\/system\/start-system\.ts$/,
        replacement: resolve(import.meta.dirname, 'start-system-b.ts'),
      },
    ],
  },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    name: 'e2e over vsock',
    root: resolve(import.meta.dirname, '../..'),
    include: ['local-twin/test/integration/sdk-*.test.ts'],
    globalSetup: ['local-twin/emulation/prepare.ts'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
