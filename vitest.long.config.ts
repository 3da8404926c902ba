import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// `npm run test:long`: crash matrices, long loads and repeated faults, which `npm test` leaves out: its files end in .long.ts.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    // Processes that tests start compile nothing that another has compiled.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    name: 'long',
    include: ['*/test/**/*.long.ts'],
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
