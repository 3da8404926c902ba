import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { overVsock, REPOSITORY } from './over-vsock.ts';

// `make test-vsock`: the laptop's end-to-end suite and the hostile parent's, their enclaves on level B.
const tests = 'local-twin/test/integration';

/** Every test that starts a system in its own process, where the module is replaced; the suite's other tests have no system or an enclave in their process. */
const endToEnd = readdirSync(join(REPOSITORY, tests))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `${tests}/${name}`)
  .filter((path) => readFileSync(join(REPOSITORY, path), 'utf8').includes('startTestSystem'));

/** What a hostile parent does with connections, KMS, credentials and time; its attacks on rows and requests reach the enclave's code the same way. */
const hostileParent = ['boot', 'boot-kms', 'kms-relay', 'telemetry', 'time', 'transport'].map(
  (name) => `${tests}/hostile-${name}.test.ts`,
);

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    root: REPOSITORY,
    globalSetup: ['local-twin/emulation/prepare.ts'],
    maxWorkers: 2,
    projects: [overVsock([...endToEnd, ...hostileParent])],
  },
});
