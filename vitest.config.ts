import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The `source` condition runs every workspace from its TypeScript; dist/ is never read by a test.
const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } };

export default defineConfig({
  ...source,
  test: {
    // Processes that tests start compile nothing that another has compiled.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    // Many tests wait for processes rather than compute; by default a machine of two cores would run one file at a time.
    maxWorkers: 3,
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'attestation/cli/**/*.test.ts'],
        },
      },
      { ...source, test: { name: 'vectors', include: ['*/test/vectors/**/*.test.ts'] } },
      {
        ...source,
        test: { name: 'property', include: ['*/test/property/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        ...source,
        test: {
          name: 'integration',
          include: ['*/test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'browser',
          include: ['attestation/test/browser/**/*.test.ts', 'client/test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
