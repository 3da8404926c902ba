import { defineConfig } from 'vitest/config';

// `npm run test:long`: crash matrices, long loads and repeated faults, which `npm test` leaves out: its files end in .long.ts.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    name: 'long',
    include: ['*/test/**/*.long.ts'],
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
