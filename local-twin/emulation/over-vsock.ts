import { resolve } from 'node:path';
import type { TestProjectInlineConfiguration } from 'vitest/config';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Tests of the laptop with their enclaves on level B: two modules are replaced, no test is changed. */
export function overVsock(include: string[]): TestProjectInlineConfiguration {
  return {
    resolve: {
      conditions: ['source'],
      alias: [
        {
          find: /^.*\/src\/system\/start-system\.ts$/,
          replacement: resolve(import.meta.dirname, 'start-system-b.ts'),
        },
        { find: './lab-machine.ts', replacement: resolve(import.meta.dirname, 'lab-machine-b.ts') },
      ],
    },
    ssr: { resolve: { conditions: ['source'] } },
    test: {
      name: 'e2e over vsock',
      root: REPOSITORY,
      include,
      pool: 'forks',
      // A translated processor takes about ten times as long, and now and then longer than a client waits (15 s for an RSA key of 4096 bits).
      // Seldom a machine stands still for seconds: the proxy gives it up, and takes up to 15 s to ask again.
      retry: { count: 2, delay: 16_000 },
      testTimeout: 300_000,
      hookTimeout: 300_000,
    },
  };
}
