// Time that jumps, and what the enclave asks again every hour.
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { completeRecovery } from '@strongroom/shared/operations/complete-recovery';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { readEvents } from '@strongroom/shared/operations/read-events';
import { runGenesis } from '@strongroom/shared/operations/run-genesis';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  afterChange,
  challengeOf,
  identityKeyOf,
  recoveryIdOf,
  recoveryKeyOfSeed,
  setKey,
  start,
} from '../../src/hostile/lab-owner.ts';
import { createLabAccount, createLabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: Laboratory;

beforeAll(async () => {
  lab = await openLaboratory({ limits: { minRecoveryWaitMs: 40_000 } });
  await lab.rootRecord();
});
afterAll(() => lab[Symbol.asyncDispose]());
afterEach(() => {
  vi.useRealTimers();
  lab.kms.faults.outage = false;
  lab.kms.faults.latencyMs = 0;
  lab.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([lab.measurements], 'operational'));
});

describe('time', () => {
  async function expectFailedBy(ms: number): Promise<void> {
    const enclave = await lab.bootReady();
    const project = await createLabProject(enclave);
    const { rows, address } = await createLabAccount(enclave, project);
    const hash = `0x${'ab'.repeat(32)}`;
    const path = `/v2/evm/accounts/${address}/sign`;
    // Its token is of the next second, so it is in work when the enclave fails.
    const held = signedRequest(project, {
      path,
      body: { hash },
      issuedAtS: Math.floor(Date.now() / 1000) + 2,
    });
    const inWork = enclave.call(signEvmHash, { client: held, project: project.rows, rows });
    const outcomeInWork = inWork.catch((error: { code: string }) => error.code);
    await sleep(150);
    await enclave.jumpModuleClock(ms);
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'failed', reason: 'CLOCK_DISAGREES' });
    const client = signedRequest(project, { path: '/v2/evm/accounts', body: {} });
    const sign = enclave.call(signEvmHash, { client, project: project.rows, rows });
    await expect(sign).rejects.toThrow(code('PHASE_REFUSED'));
    expect(await outcomeInWork).toBe('PHASE_REFUSED');
    await enclave.jumpModuleClock(-ms);
    await enclave.recheck();
    expect((await enclave.call(getStatus, {})).phase).toBe('failed');
    await enclave[Symbol.asyncDispose]();
  }

  it('of the module that jumps by more than 30 s, either way, fails the enclave', async () => {
    await Promise.all([expectFailedBy(31_000), expectFailedBy(-31_000)]);
  });

  it('that jumps while a silent KMS keeps a call waiting fails the enclave at once, and the call does not bring it back', async () => {
    const rootRecord = await lab.rootRecord();
    lab.kms.faults.latencyMs = 700;
    lab.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([lab.measurements], 'genesis'));
    const calls = {
      load: (enclave: LabEnclave) => enclave.call(loadRootRecord, { rootRecord }),
      async genesis(enclave: LabEnclave) {
        await enclave.call(loadRootRecord, { rootRecord: null });
        return await enclave.call(runGenesis, {});
      },
    };
    for (const begin of Object.values(calls)) {
      await using enclave = await lab.boot();
      const waiting = begin(enclave).catch((error: { code: string }) => error.code);
      await sleep(300);
      await enclave.jumpModuleClock(31_000);
      const startedMs = performance.now();
      await enclave.recheck();
      const failed = { phase: 'failed', reason: 'CLOCK_DISAGREES' };
      expect(await enclave.call(getStatus, {})).toMatchObject(failed);
      expect(performance.now() - startedMs).toBeLessThan(500);
      expect(await waiting).toBe('PHASE_REFUSED');
      expect(await enclave.call(getStatus, {})).toMatchObject(failed);
    }
  });

  it('of the module that drifts by less is followed, and told of', async () => {
    const enclave = await lab.bootReady();
    await enclave.jumpModuleClock(20_000);
    await enclave.recheck();
    await enclave.jumpModuleClock(20_000);
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: null });
    const { events } = await enclave.call(readEvents, { after: 0 });
    const drifts = events.flatMap((event) => (event.event === 'rechecked' ? [event.driftMs] : []));
    expect(drifts).toHaveLength(2);
    for (const drift of drifts) expect(Math.abs(drift - 20_000)).toBeLessThan(500);
    await enclave[Symbol.asyncDispose]();
  });

  it('of the machine hurries no recovery; only what the module says runs down the waiting period', async () => {
    await using enclave = await lab.bootReady();
    const { manifest } = await enclave.call(getAttestation, { nonce: Buffer.alloc(32) });
    const key = await recoveryKeyOfSeed(1);
    const bare = await createLabProject(enclave);
    const { rows } = afterChange(bare, await setKey(enclave, bare, key, { waitingPeriodSeconds: 40 }));
    const secret = makeWalletSecret();
    const challenge = await challengeOf(enclave, rows, identityKeyOf(manifest));
    const started = await start(enclave, { rows, key, challenge, secret });
    const waiting = afterChange({ rows, walletSecret: secret.privateKey }, started);
    const path = `/v2/enclave/recoveries/${recoveryIdOf(started)}/completion`;
    const complete = (issuedAtS: number) => {
      const body = { projectId: Buffer.from(rows.projectId).toString('hex') };
      const client = signedRequest(waiting, { path, body, issuedAtS });
      return enclave.call(completeRecovery, { client, project: waiting.rows });
    };
    const nowS = Math.floor(Date.now() / 1000);
    vi.useFakeTimers({ toFake: ['Date'], now: (nowS + 10 * 365 * 86_400) * 1000 });
    await expect(complete(nowS + 1)).rejects.toThrow(code('RECOVERY_NOT_DUE'));
    vi.useRealTimers();
    await enclave.jumpModuleClock(25_000);
    await expect(complete(nowS + 1)).rejects.toThrow(code('RECOVERY_NOT_DUE'));
    await enclave.recheck();
    await expect(complete(nowS + 25)).rejects.toThrow(code('RECOVERY_NOT_DUE'));
    await enclave.jumpModuleClock(-20_000);
    await enclave.recheck();
    await expect(complete(nowS + 5)).rejects.toThrow(code('RECOVERY_NOT_DUE'));
    for (const ms of [25_000, 11_000]) {
      await enclave.jumpModuleClock(ms);
      await enclave.recheck();
    }
    expect((await complete(nowS + 40)).answer.status).toBe(200);
  });

  it('of the machine may jump as it likes: nothing in the enclave goes by it', async () => {
    await using enclave = await lab.bootReady();
    const project = await createLabProject(enclave);
    const trueNowMs = Date.now();
    for (const jumpMs of [3_600_000, -3_600_000, 10 * 365 * 86_400_000]) {
      vi.useFakeTimers({ toFake: ['Date'], now: trueNowMs + jumpMs });
      const { expiresAtMs } = await enclave.call(issueProjectNonce, {});
      expect(Math.abs(expiresAtMs - 300_000 - trueNowMs)).toBeLessThan(60_000);
      // Right by the true time, and by the machine's hours old, or of the future.
      const issuedAtS = Math.floor(performance.timeOrigin / 1000 + performance.now() / 1000);
      const path = '/v2/evm/accounts';
      const created = await createLabAccountAt(enclave, project, issuedAtS, path);
      expect(created.answer.status).toBe(201);
      const earlyClient = signedRequest(project, { path, body: {}, issuedAtS: issuedAtS + 40 });
      await expect(
        enclave.call(createEvmAccount, { client: earlyClient, project: project.rows, existing: null }),
      ).rejects.toThrow(code('WALLET_TOKEN_FUTURE'));
    }
  });
});

function createLabAccountAt(
  enclave: LabEnclave,
  project: Awaited<ReturnType<typeof createLabProject>>,
  issuedAtS: number,
  path: string,
) {
  const client = signedRequest(project, { path, body: {}, issuedAtS });
  return enclave.call(createEvmAccount, { client, project: project.rows, existing: null });
}

describe('the hourly check', () => {
  it('outlasts a KMS that cannot be reached, and fails an enclave whose key has got another policy', async () => {
    await using enclave = await lab.bootReady();
    lab.kms.faults.outage = true;
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: 'KMS_UNREACHABLE' });
    lab.kms.faults.outage = false;
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: null });
    const policy = twinKeyPolicy([lab.measurements], 'operational');
    lab.kms.setPolicy(TWIN_KEY_ARN, { ...policy, Statement: policy.Statement.slice(0, -1) });
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'failed', reason: 'KMS_KEY_REFUSED' });
    await expect(enclave.call(issueProjectNonce, {})).rejects.toThrow(code('PHASE_REFUSED'));
  });
});
