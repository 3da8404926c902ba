// Level C: an EIF on QEMU's nitro-enclave machine, our device against the kernel's driver of the security module.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ImagePcrs } from '../../../enclave-app/src/kms/key-policy.ts';
import { assembleIn } from '../../../scripts/enclave-image/clean-build.ts';
import { twinConfiguration } from '../../src/system/twin-configuration.ts';
import { writeEmulationImage } from '../enclave-image.ts';
import { prepareGround } from '../ground.ts';
import { startHostVsock } from '../host-vsock.ts';
import { bootEnclave, scratchDir } from '../machine.ts';
import { documentPcrs } from '../measured-document.ts';

const main = 'local-twin/emulation/guest/nsm-checks.ts';
const repository = resolve(import.meta.dirname, '../../..');
const reports = new Map<string, unknown>();
let pcrs: ImagePcrs;
let guestLog = '';

beforeAll(async () => {
  const ground = await prepareGround();
  using dir = scratchDir();
  const configuration = join(dir.path, 'configuration.json');
  writeFileSync(configuration, twinConfiguration());
  const application = assembleIn(repository, {
    application: join(dir.path, 'application'),
    configuration,
    main,
  });
  const eifFile = join(dir.path, 'nsm.eif');
  pcrs = await writeEmulationImage(eifFile, { ground, repository, application, main });
  await using host = await startHostVsock(ground, dir.path);
  await using enclave = await bootEnclave(ground, dir.path, { eifFile, memoryMiB: 640, vsock: host });
  await enclave.waitForEnd(60_000);
  guestLog = enclave.log();
  for (const [, json = ''] of guestLog.matchAll(/^NSM (.*?)\r?$/gm)) {
    const { name, value } = JSON.parse(json) as { name: string; value: unknown };
    reports.set(name, value);
  }
});

describe('the device on /dev/nsm', () => {
  it('runs to its end', () => expect(guestLog).toContain('INIT end 0'));

  it('describes the module', () => {
    expect(reports.get('description')).toMatchObject({ maxPcrs: 32, digest: 'SHA384' });
    expect(reports.get('entropySource')).toBe('nsm-hwrng');
  });

  it('reads the measurements that were computed from the image', () => {
    expect(reports.get('pcrs')).toEqual([pcrs.pcr0, pcrs.pcr1, pcrs.pcr2]);
    for (const name of ['document', 'emptyDocument']) {
      expect(documentPcrs(Buffer.from(String(reports.get(name)), 'base64'))).toEqual(pcrs);
    }
  });

  it('gives entropy, different each time', () => {
    const [first = '', second = ''] = reports.get('randoms') as string[];
    expect(first).toMatch(/^[0-9a-f]{2,512}$/);
    expect(second).not.toBe(first);
  });

  it('extends an open PCR, no locked one, and locks all', () => {
    expect(reports.get('extended')).toMatch(/^[0-9a-f]{96}$/);
    expect(reports.get('extendLocked')).toBe('NSM_READ_ONLY_INDEX');
    expect(reports.get('lockedPcrs')).toEqual(Array.from({ length: 32 }, (_, index) => index));
    expect(reports.get('extendAfterLock')).toBe('NSM_READ_ONLY_INDEX');
  });
});
