// Proxy and enclave killed right before and right after every commit; the database server too, where there is one.
import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRASH_POINTS, killAtEveryCommit, type Victim } from '../support/crash-matrix.ts';
import { exportScenario } from '../support/crash-of-export.ts';
import {
  completeRecoveryScenario,
  createScenario,
  importScenario,
  startRecoveryScenario,
  walletSecretScenario,
} from '../support/crash-scenarios.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
let victims: readonly Victim[];

beforeAll(async () => {
  system = await startTestSystem({ execArgv: CRASH_POINTS, limits: { minRecoveryWaitMs: 1000 } });
  victims = victimsOf(system);
});
afterAll(() => system[Symbol.asyncDispose]());

function victimsOf(of: TestSystem): Victim[] {
  return [
    {
      name: 'the proxy',
      pid: () => null,
      async restart() {
        await of.proxy.kill();
        await of.restartProxy();
      },
    },
    {
      name: 'the enclave',
      pid: () => of.enclave.process.pid ?? assert.fail('there is no enclave'),
      async restart() {
        await of.enclave.kill();
        await of.restartEnclave();
      },
    },
  ];
}

describe('killed at every commit of', () => {
  it('a create', async () => {
    expect(await killAtEveryCommit(victims, createScenario(system))).toBe(3);
  });
  it('an import', async () => {
    expect(await killAtEveryCommit(victims, importScenario(system))).toBe(4);
  });
  it('an export', async () => {
    expect(await killAtEveryCommit(victims, exportScenario(system))).toBe(2);
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
