// Proxy and enclave killed right before and right after every commit.
import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killAtEveryCommit, type Victim } from '../support/crash-matrix.ts';
import { exportScenario } from '../support/crash-of-export.ts';
import { CRASH_OPTIONS, describeCrashMatrix } from '../support/describe-crash-matrix.ts';
import { type RecoveryWebhook, startRecoveryWebhook } from '../support/recovery-webhook.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

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
    system = await startTestSystem({ ...CRASH_OPTIONS, recoveryWebhook: webhook.url });
    victims = [proxyOf(system), enclaveOf(system)];
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await webhook[Symbol.asyncDispose]();
  });

  describeCrashMatrix(() => ({ system, victims, webhook }));
  it('an export', async () => {
    expect(await killAtEveryCommit(victims, exportScenario(system))).toBe(2);
  });
});
