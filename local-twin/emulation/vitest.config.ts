import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// `make test-enclave`: machines of QEMU, one at a time. The first run prepares the ground, which takes some minutes.
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    name: 'enclave',
    root: resolve(import.meta.dirname, '../..'),
    include: ['local-twin/emulation/test/**/*.test.ts', 'deploy/test/**/*.test.ts'],
    globalSetup: ['local-twin/emulation/prepare.ts'],
    fileParallelism: false,
    // A machine's processes die with the process that started them: that must not be a short-lived thread.
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
