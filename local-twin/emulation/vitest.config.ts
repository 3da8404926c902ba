import { defineConfig } from 'vitest/config';
import { overVsock, REPOSITORY } from './over-vsock.ts';

// `make test-enclave`: machines of QEMU. The first run prepares the ground, which takes some minutes.
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    root: REPOSITORY,
    globalSetup: ['local-twin/emulation/prepare.ts'],
    // A machine keeps one processor busy, and waits now and then.
    maxWorkers: 2,
    projects: [
      {
        resolve: { conditions: ['source'] },
        ssr: { resolve: { conditions: ['source'] } },
        test: {
          name: 'levels',
          root: REPOSITORY,
          include: ['local-twin/emulation/test/**/*.test.ts', 'deploy/test/**/*.test.ts'],
          // A machine's processes die with the process that started them: that must not be a short-lived thread.
          pool: 'forks',
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      overVsock(['local-twin/test/integration/sdk-evm-signing.test.ts']),
    ],
  },
});
