// Machines that an enclave must not work on, and what becomes of time there.
import { createOperationClient } from '@strongroom/shared/channel/operation-client';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { readEvents } from '@strongroom/shared/operations/read-events';
import { runGenesis } from '@strongroom/shared/operations/run-genesis';
import { setCredentials } from '@strongroom/shared/operations/set-credentials';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { tcpDialer, tcpListen } from '@strongroom/shared/transport/dev/tcp';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { NsmError } from '../../../enclave-app/src/nsm/nsm.ts';
import { startFailedEnclave } from '../../../enclave-app/src/start-enclave.ts';
import { createLabAccount, createLabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const credentials = { accessKeyId: 'ASIANOBODY', secretAccessKey: 'x', sessionToken: null, expiresAtMs: 0 };
let lab: Laboratory;

beforeAll(async () => {
  lab = await openLaboratory();
  await lab.rootRecord();
});
afterAll(() => lab[Symbol.asyncDispose]());
afterEach(() => {
  vi.useRealTimers();
  lab.kms.faults.outage = false;
  lab.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([lab.measurements], 'operational'));
});

describe('platforms', () => {
  /** Says that it failed, and why, and does nothing else for whoever asks. */
  async function expectFailed(enclave: LabEnclave, reason: string) {
    expect(await enclave.call(getStatus, {})).toMatchObject({
      phase: 'failed',
      reason,
      deploymentId: null,
      credentialsExpireAtMs: null,
    });
    const rootRecord = await lab.rootRecord();
    const refused = code('PHASE_REFUSED');
    await expect(enclave.call(loadRootRecord, { rootRecord })).rejects.toThrow(refused);
    await expect(enclave.call(getAttestation, { nonce: Buffer.alloc(16) })).rejects.toThrow(refused);
    await expect(enclave.call(setCredentials, credentials)).rejects.toThrow(refused);
    await expect(enclave.call(readEvents, { after: 0 })).rejects.toThrow(refused);
    await enclave.recheck();
    expect((await enclave.call(getStatus, {})).phase).toBe('failed');
    expect(enclave.internalErrors).toEqual([]);
  }

  it.each(['pcr0', 'pcr1', 'pcr2'] as const)(
    'whose %s is zero, as in debug mode, are failed',
    async (pcr) => {
      const measurements = { ...lab.measurements, [pcr]: new Uint8Array(48) };
      await using enclave = await lab.boot({
        nsm: startNsmSimulator({ pki: lab.pki, measurements }),
        withoutCredentials: true,
      });
      await expectFailed(enclave, 'NSM_DEBUG_MODE');
    },
  );

  it.each(['describePcr', 'lockPcrs', 'attestation'] as const)(
    'whose module fails at %s are failed',
    async (method) => {
      const nsm = startNsmSimulator({ pki: lab.pki, measurements: lab.measurements });
      vi.spyOn(nsm, method).mockImplementation(() => {
        throw new NsmError('NSM_INTERNAL_ERROR');
      });
      await using enclave = await lab.boot({ nsm, withoutCredentials: true });
      await expectFailed(enclave, 'NSM_INTERNAL_ERROR');
    },
  );

  it('that may not start are failed', async () => {
    let port = 0;
    const listen = tcpListen(0, (taken) => {
      port = taken;
    });
    const enclave = await startFailedEnclave('ENTROPY_SOURCE_REFUSED', { listen, onInternalError: vi.fn() });
    const client = createOperationClient({
      connect: () => tcpDialer(port).dial(),
      maxInFlight: 1,
      deadlineMs: 5000,
    });
    expect(await client.call(getStatus, {})).toMatchObject({
      phase: 'failed',
      reason: 'ENTROPY_SOURCE_REFUSED',
    });
    await expect(client.call(runGenesis, {})).rejects.toThrow(code('PHASE_REFUSED'));
    client.close();
    await enclave.close();
  });

  it('have every register locked from the start', async () => {
    const nsm = startNsmSimulator({ pki: lab.pki, measurements: lab.measurements });
    await using _enclave = await lab.boot({ nsm, withoutCredentials: true });
    expect(nsm.describe().lockedPcrs).toEqual(Array.from({ length: 32 }, (_, index) => index));
    expect(() => nsm.extendPcr(16, Buffer.alloc(48))).toThrow(code('NSM_READ_ONLY_INDEX'));
  });

  it('that keep back credentials leave the enclave waiting', async () => {
    await using enclave = await lab.boot({ withoutCredentials: true });
    await expect(enclave.call(loadRootRecord, { rootRecord: await lab.rootRecord() })).rejects.toThrow(
      code('CREDENTIALS_MISSING'),
    );
  });

  it('with wrong credentials are told that KMS denied them', async () => {
    await using enclave = await lab.boot({ withoutCredentials: true });
    await enclave.call(setCredentials, credentials);
    await expect(enclave.call(loadRootRecord, { rootRecord: await lab.rootRecord() })).rejects.toThrow(
      code('KMS_DENIED'),
    );
  });
});

describe('time', () => {
  /** A ready enclave whose module's clock the test moves. */
  async function bootWithModuleClock() {
    let aheadMs = 0;
    const now = () => Date.now() + aheadMs;
    const nsm = startNsmSimulator({ pki: lab.pki, measurements: lab.measurements, now });
    const enclave = await lab.boot({ nsm });
    await enclave.call(loadRootRecord, { rootRecord: await lab.rootRecord() });
    const jump = (ms: number) => {
      aheadMs += ms;
    };
    return { enclave, jump };
  }

  it.each([31_000, -31_000])('of the module that jumps by %i ms fails the enclave', async (ms) => {
    const { enclave, jump } = await bootWithModuleClock();
    const project = await createLabProject(enclave);
    const { rows } = await createLabAccount(enclave, project);
    jump(ms);
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'failed', reason: 'CLOCK_DISAGREES' });
    const client = signedRequest(project, { path: '/v2/evm/accounts', body: {} });
    const sign = enclave.call(signEvmHash, { client, project: project.rows, rows });
    await expect(sign).rejects.toThrow(code('PHASE_REFUSED'));
    jump(-ms);
    await enclave.recheck();
    expect((await enclave.call(getStatus, {})).phase).toBe('failed');
    await enclave[Symbol.asyncDispose]();
  });

  it('of the module that drifts by less is followed, and told of', async () => {
    const { enclave, jump } = await bootWithModuleClock();
    jump(20_000);
    await enclave.recheck();
    jump(20_000);
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: null });
    const { events } = await enclave.call(readEvents, { after: 0 });
    const drifts = events.flatMap((event) => (event.event === 'rechecked' ? [event.driftMs] : []));
    expect(drifts).toHaveLength(2);
    for (const drift of drifts) expect(Math.abs(drift - 20_000)).toBeLessThan(500);
    await enclave[Symbol.asyncDispose]();
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
  const kmsPoliciesOf = async (enclave: LabEnclave) => {
    const { manifest } = await enclave.call(getAttestation, { nonce: Buffer.alloc(16) });
    return (decodeCbor(manifest) as unknown as { kmsPolicies: { checkedAtMs: number; digest: Uint8Array }[] })
      .kmsPolicies;
  };

  it('is made every hour, and dates the manifest', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using enclave = await lab.bootReady();
    const before = lab.kms.requests.GetKeyPolicy;
    const [first] = await kmsPoliciesOf(enclave);
    vi.advanceTimersByTime(60 * 60_000 - 1);
    await enclave.call(getStatus, {});
    expect(lab.kms.requests.GetKeyPolicy).toBe(before);
    vi.advanceTimersByTime(1);
    await vi.waitFor(async () => {
      const [second] = await kmsPoliciesOf(enclave);
      expect(second?.checkedAtMs).toBeGreaterThan(first?.checkedAtMs ?? 0);
    });
    expect(lab.kms.requests.GetKeyPolicy).toBe(before + 1);
  });

  it('fails an enclave whose key has got another policy', async () => {
    await using enclave = await lab.bootReady();
    const policy = twinKeyPolicy([lab.measurements], 'operational');
    lab.kms.setPolicy(TWIN_KEY_ARN, { ...policy, Statement: policy.Statement.slice(0, -1) });
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'failed', reason: 'KMS_KEY_REFUSED' });
    await expect(enclave.call(issueProjectNonce, {})).rejects.toThrow(code('PHASE_REFUSED'));
  });

  it('outlasts a KMS that cannot be reached, says so, and takes it back', async () => {
    await using enclave = await lab.bootReady();
    lab.kms.faults.outage = true;
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: 'KMS_UNREACHABLE' });
    lab.kms.faults.outage = false;
    await enclave.recheck();
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', reason: null });
  });
});
