// PostgreSQL's server killed right before and right after every commit; the proxy lives, and finds it again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../parent-proxy/test/store/postgres-server.ts';
import { killAtEveryCommit, type Victim } from '../support/crash-matrix.ts';
import { rotationScenario } from '../support/crash-of-rotation.ts';
import { CRASH_OPTIONS, describeCrashMatrix } from '../support/describe-crash-matrix.ts';
import { createTestProject } from '../support/project.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

describe('a database server killed at every commit of', () => {
  let server: PostgresServer;
  let system: TestSystem;
  let victims: readonly Victim[];
  beforeAll(async () => {
    server = await startPostgres();
    const primaryUrl = await server.createDatabase('primary');
    const store = { engine: 'postgres', primaryUrl, vaultUrl: await server.createDatabase('vault') } as const;
    system = await startTestSystem({ ...CRASH_OPTIONS, store });
    let walWriter = await server.walWriter();
    const database: Victim = {
      name: 'the database server',
      pid: () => walWriter,
      async restart() {
        walWriter = await server.walWriter(walWriter);
        // The same proxy, which has lost its sessions and finds the server again.
        const isWell = async () => (await fetch(`${system.baseUrl}/healthz`)).status;
        await expect.poll(isWell, { timeout: 20_000 }).toBe(200);
      },
    };
    victims = [database];
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  // The first, since it counts all accounts of the store.
  it('a rotation of the root key', async () => {
    const project = await createTestProject(system);
    expect(await killAtEveryCommit(victims, await rotationScenario(system, project))).toBe(8);
  });
  describeCrashMatrix(() => ({ system, victims, webhook: null }));
});
