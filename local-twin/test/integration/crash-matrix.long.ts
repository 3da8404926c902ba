// Proxy and enclave killed right before and right after every commit.
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
import { type RecoveryWebhook, startRecoveryWebhook } from '../support/recovery-webhook.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const options = { execArgv: CRASH_POINTS, limits: { minRecoveryWaitMs: 1000 } };

function proxyOf(system: TestSystem): Victim {
  return {
    name: 'the proxy',
    pid: () => null,
    async restart() {
      await system.proxy.kill();
      await system.restartProxy();
    },
  };
}

function enclaveOf(system: TestSystem): Victim {
  return {
    name: 'the enclave',
    pid: () => system.enclave.process.pid ?? assert.fail('there is no enclave'),
    async restart() {
      await system.enclave.kill();
      await system.restartEnclave();
    },
  };
}

describe('killed at every commit of', () => {
  let system: TestSystem;
  let victims: readonly Victim[];
  let webhook: RecoveryWebhook;
  beforeAll(async () => {
    webhook = await startRecoveryWebhook();
    system = await startTestSystem({ ...options, recoveryWebhook: webhook.url });
    victims = [proxyOf(system), enclaveOf(system)];
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await webhook[Symbol.asyncDispose]();
  });

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
    expect(await killAtEveryCommit(victims, startRecoveryScenario(system, webhook))).toBe(1);
  });
  it('the end of a recovery', async () => {
    expect(await killAtEveryCommit(victims, completeRecoveryScenario(system))).toBe(1);
  });
});
