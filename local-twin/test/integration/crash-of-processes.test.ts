import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertAllSign, type CrashReport, runCrashRound } from '../support/crash-round.ts';
import { createTestProject } from '../support/project.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
const reports: CrashReport[] = [];

beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

describe('a create', () => {
  it('is answered when its rows are committed in both databases', async () => {
    const primary = new DatabaseSync(join(system.home, 'data', 'primary.sqlite'), { readOnly: true });
    const vault = new DatabaseSync(join(system.home, 'data', 'vault.sqlite'), { readOnly: true });
    const findAccount = primary.prepare('SELECT vault_id FROM account WHERE address = ?');
    const findKey = vault.prepare('SELECT length(sealed) AS length FROM wallet_key WHERE vault_id = ?');
    const project = await createTestProject(system);
    const create = async () => {
      const { status, text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
      expect(status).toBe(201);
      const { vault_id: vaultId } = findAccount.get(JSON.parse(text).address) as { vault_id: Uint8Array };
      expect(findKey.get(vaultId)).toEqual({ length: expect.any(Number) });
    };
    await Promise.all(Array.from({ length: 100 }, create));
    primary.close();
    vault.close();
  });
});

describe('SIGKILL among 200 creations at once', () => {
  it.each([
    ['proxy', 1],
    ['enclave', 17],
    ['proxy', 60],
    ['enclave', 90],
    ['both', 40],
  ] as const)(
    'of %s at answer %i loses nothing that a client was told of',
    async (victim, killAfterAnswers) => {
      const report = await runCrashRound(system, { victim, creates: 200, killAfterAnswers });
      expect(report.toldOf.size).toBeGreaterThanOrEqual(killAfterAnswers);
      expect(report.interrupted).toBeGreaterThan(0);
      reports.push(report);
    },
  );

  it('loses nothing over all restarts together', async () => {
    for (const { project, toldOf } of reports) await assertAllSign(project, toldOf);
    const primary = new DatabaseSync(join(system.home, 'data', 'primary.sqlite'), { readOnly: true });
    expect(primary.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    primary.close();
  });
});
