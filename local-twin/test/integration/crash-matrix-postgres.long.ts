// PostgreSQL's server killed right before and right after every commit; the proxy lives, and finds it again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../parent-proxy/test/store/postgres-server.ts';
import { CRASH_POINTS, killAtEveryCommit, type Victim } from '../support/crash-matrix.ts';
import { rotationScenario } from '../support/crash-of-rotation.ts';
import {
  completeRecoveryScenario,
  createScenario,
  importScenario,
  startRecoveryScenario,
  walletSecretScenario,
} from '../support/crash-scenarios.ts';
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
    system = await startTestSystem({ execArgv: CRASH_POINTS, limits: { minRecoveryWaitMs: 1000 }, store });
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
  it('a create', async () => {
    expect(await killAtEveryCommit(victims, createScenario(system))).toBe(3);
  });
  it('an import', async () => {
    expect(await killAtEveryCommit(victims, importScenario(system))).toBe(4);
  });
  it('a new Wallet Secret', async () => {
    expect(await killAtEveryCommit(victims, walletSecretScenario(system))).toBe(1);
  });
  it('the start of a recovery', async () => {
    expect(await killAtEveryCommit(victims, startRecoveryScenario(system))).toBe(1);
  });
  it('the end of a recovery', async () => {
    expect(await killAtEveryCommit(victims, completeRecoveryScenario(system))).toBe(1);
  });
});
