// Machines that an enclave must not work on.
import { createOperationClient } from '@strongroom/shared/channel/operation-client';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { readEvents } from '@strongroom/shared/operations/read-events';
import { runGenesis } from '@strongroom/shared/operations/run-genesis';
import { setCredentials } from '@strongroom/shared/operations/set-credentials';
import { tcpDialer, tcpListen } from '@strongroom/shared/transport/dev/tcp';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ownSurroundings, type Surroundings } from '../../../enclave-app/src/boot/start-conditions.ts';
import { parseConfiguration } from '../../../enclave-app/src/config.ts';
import { openNsmDevice } from '../../../enclave-app/src/nsm/device.ts';
import { NsmError } from '../../../enclave-app/src/nsm/nsm.ts';
import { type ProductionOptions, startProduction } from '../../../enclave-app/src/start-production.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';
import { twinConfiguration } from '../../src/system/twin-configuration.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const credentials = { accessKeyId: 'ASIANOBODY', secretAccessKey: 'x', sessionToken: null, expiresAtMs: 0 };
/** A process as Dockerfile.enclave starts it, on a kernel of Nitro. */
const NITRO: Surroundings = {
  readFile(path) {
    if (path.endsWith('rng_current')) return 'nsm-hwrng\n';
    if (path.endsWith('current_clocksource')) return 'kvm-clock\n';
    if (path.endsWith('limits'))
      return 'Max core file size        0                    unlimited            bytes\n';
    return 'core\n';
  },
  environment: { HOME: '/nonexistent' },
  execArgv: ['--disallow-code-generation-from-strings', '--disable-proto=throw', '--disable-sigusr1'],
  inspectorUrl: () => undefined,
  report: null,
};
let lab: Laboratory;

beforeAll(async () => {
  lab = await openLaboratory();
  await lab.rootRecord();
});
afterAll(() => lab[Symbol.asyncDispose]());

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

  describe('in production', () => {
    /** The production composition, on a machine as the test describes it. */
    async function statusOf(changes: Partial<ProductionOptions>) {
      let port = 0;
      const enclave = await startProduction({
        configuration: parseConfiguration(twinConfiguration()),
        surroundings: NITRO,
        openNsm: () => startNsmSimulator({ pki: lab.pki, measurements: lab.measurements }),
        kmsRelay: () => tcpDialer(lab.kms.port),
        kmsTrustRootsPem: lab.kms.caPem,
        listen: tcpListen(0, (taken) => {
          port = taken;
        }),
        onInternalError: vi.fn(),
        ...changes,
      });
      const connect = () => tcpDialer(port).dial();
      const client = createOperationClient({ connect, maxInFlight: 1, deadlineMs: 5000 });
      const { phase, reason } = await client.call(getStatus, {});
      const genesis = await client.call(runGenesis, {}).catch((error: { code: string }) => error.code);
      expect(genesis).toBe('PHASE_REFUSED');
      client.close();
      await enclave.close();
      return { phase, reason };
    }

    it('start where everything is as it must be', async () => {
      expect(await statusOf({})).toEqual({ phase: 'needs-root-record', reason: null });
    });

    it('are failed before they touch the module where something is not', async () => {
      const openNsm = vi.fn();
      const onVirtio = {
        ...NITRO,
        readFile: (path: string) => (path.endsWith('rng_current') ? 'virtio_rng.0' : NITRO.readFile(path)),
      };
      expect(await statusOf({ surroundings: onVirtio, openNsm })).toEqual({
        phase: 'failed',
        reason: 'ENTROPY_SOURCE_REFUSED',
      });
      expect(await statusOf({ surroundings: ownSurroundings(), openNsm })).toMatchObject({ phase: 'failed' });
      expect(openNsm).not.toHaveBeenCalled();
    });

    it('are failed without a module', async () => {
      const openNsm = () =>
        openNsmDevice(() => {
          throw new Error('none');
        });
      expect(await statusOf({ openNsm })).toEqual({ phase: 'failed', reason: 'NSM_UNAVAILABLE' });
    });
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

// What the enclave then asks is in hostile-time.test.ts; its timer can be wound on only in the test's own process.
describe('the hourly check', () => {
  const kmsPoliciesOf = async (enclave: LabEnclave) => {
    const { manifest } = await enclave.call(getAttestation, { nonce: Buffer.alloc(16) });
    return (decodeCbor(manifest) as unknown as { kmsPolicies: { checkedAtMs: number; digest: Uint8Array }[] })
      .kmsPolicies;
  };

  it('is made every hour, and dates the manifest', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
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
});
