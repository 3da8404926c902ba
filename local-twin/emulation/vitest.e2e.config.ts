import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// `make test-vsock`: the laptop's end-to-end suite and the hostile parent's, their enclaves on level B. Two modules are replaced, no test is changed.
const repository = resolve(import.meta.dirname, '../..');
const tests = 'local-twin/test/integration';

/** Every test that starts a system in its own process, where the module is replaced; the suite's other tests have no system or an enclave in their process. */
const endToEnd = readdirSync(join(repository, tests))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `${tests}/${name}`)
  .filter((path) => readFileSync(join(repository, path), 'utf8').includes('startTestSystem'));

/** What a hostile parent does with connections, KMS, credentials and time; its attacks on rows and requests reach the enclave's code the same way. */
const hostileParent = ['boot', 'kms-relay', 'telemetry', 'time', 'transport'].map(
  (name) => `${tests}/hostile-${name}.test.ts`,
);

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
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
    root: repository,
    include: [...endToEnd, ...hostileParent],
    globalSetup: ['local-twin/emulation/prepare.ts'],
    fileParallelism: false,
    pool: 'forks',
    // A translated processor takes about ten times as long, and now and then longer than a client waits (15 s for an RSA key of 4096 bits).
    retry: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
