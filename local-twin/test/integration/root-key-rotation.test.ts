// A rotation of the root key: what an operator may ask for, in which order; and further keys of KMS.
import {
  verifyDeploymentRotationCertificate,
  verifyRotationCertificate,
} from '@strongroom/attestation/rotation-certificate';
import { activateRootKey } from '@strongroom/shared/operations/activate-root-key';
import { addRootWraps } from '@strongroom/shared/operations/add-root-wraps';
import { announceRootKey } from '@strongroom/shared/operations/announce-root-key';
import { certifyProject } from '@strongroom/shared/operations/certify-project';
import { certifyRotation } from '@strongroom/shared/operations/certify-rotation';
import { getImportKey } from '@strongroom/shared/operations/get-import-key';
import { getRootKey } from '@strongroom/shared/operations/get-root-key';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { resealRows } from '@strongroom/shared/operations/reseal-rows';
import { retireRootKey } from '@strongroom/shared/operations/retire-root-key';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabEnclave, Laboratory } from '../../src/hostile/laboratory.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';
import {
  activate,
  change,
  identityKeyOfLab,
  listed,
  type Owned,
  openRotationLab,
  own,
  reseal,
  retire,
  review,
  SECOND_KEY_ARN,
  sign,
} from '../support/rotation-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const NONCE = Buffer.alloc(32, 7);
let lab: Laboratory;
let enclave: LabEnclave;

beforeEach(async () => {
  lab = await openRotationLab();
  enclave = await lab.bootReady();
});
afterEach(() => lab[Symbol.asyncDispose]());

describe('a rotation', () => {
  it('signs with rows of either generation, and certifies what the enclave saw', async () => {
    const old = await own(enclave, 5);
    await change(enclave, announceRootKey, { keyArns: null });
    expect(await sign(enclave, old)).toBe(200);
    await change(enclave, activateRootKey);
    expect(await sign(enclave, old)).toBe(200);
    const rows = await reseal(enclave, old);
    expect([await sign(enclave, rows), await sign(enclave, old, 1)]).toEqual([200, 200]);
    const { reviewId } = await review(
      enclave,
      { ...rows, accounts: rows.accounts.slice(0, 3) },
      null,
      'inner',
    );
    const { certificate } = await review(enclave, { ...rows, accounts: rows.accounts.slice(3) }, reviewId);
    if (certificate === null) throw new Error('no certificate');
    const whole = await enclave.call(certifyRotation, { reviewId });
    await change(enclave, retireRootKey);
    expect(await sign(enclave, rows)).toBe(200);
    expect(await enclave.call(getRootKey, {})).toMatchObject({
      generation: 2,
      recordVersion: 4,
      roots: [{ generation: 2 }],
    });
    const key = await identityKeyOfLab(lab);
    const { projectId } = rows.project.rows;
    const accounts = await listed(lab, rows);
    expect(
      await verifyRotationCertificate(certificate, key, { projectId, accounts: accounts.reverse() }),
    ).toMatchObject({
      generation: 2,
      openGenerations: [1, 2],
      rootRecordVersion: 3,
      projects: 1,
      accounts: 5,
    });
    expect(await verifyDeploymentRotationCertificate(whole.certificate, key)).toMatchObject({
      projectId: null,
      projects: 1,
      accounts: 5,
    });
    await expect(verifyDeploymentRotationCertificate(certificate, key)).rejects.toThrow(
      code('STATEMENT_PROJECT'),
    );
    await expect(verifyRotationCertificate(whole.certificate, key, { projectId, accounts })).rejects.toThrow(
      code('STATEMENT_PROJECT'),
    );
    expect(enclave.internalErrors).toEqual([]);
  });

  it('keeps versions and digests of the records', async () => {
    const old = await own(enclave, 1);
    const recordDigest = async ({ project }: Owned) => {
      const { certificate } = await enclave.call(certifyProject, { project: project.rows, nonce: NONCE });
      return (
        decodeCbor((decodeCbor(certificate) as Uint8Array[])[2] as Uint8Array) as { recordDigest: Uint8Array }
      ).recordDigest;
    };
    const before = await recordDigest(old);
    await activate(enclave);
    expect(await recordDigest(await reseal(enclave, old))).toEqual(before);
  });

  it('carries import keys', async () => {
    const { project } = await own(enclave, 0);
    const { created, publicKey } = await enclave.call(getImportKey, {
      project: project.rows,
      importKey: null,
    });
    await activate(enclave);
    const resealed = await enclave.call(resealRows, {
      project: project.rows,
      importKey: created,
      accounts: [],
    });
    const { importKey } = resealed;
    expect(importKey).not.toEqual(created);
    expect(await enclave.call(getImportKey, { project: project.rows, importKey })).toMatchObject({
      publicKey,
      created: null,
    });
  });

  it('goes step by step', async () => {
    const owned = await own(enclave, 1);
    for (const step of [activateRootKey, retireRootKey] as const) {
      await expect(enclave.call(step, {})).rejects.toThrow(code('ROTATION_REFUSED'));
    }
    await change(enclave, announceRootKey, { keyArns: null });
    await expect(enclave.call(announceRootKey, { keyArns: null })).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(enclave.call(retireRootKey, {})).rejects.toThrow(code('ROTATION_REFUSED'));
    await change(enclave, activateRootKey);
    await expect(enclave.call(retireRootKey, {})).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(review(enclave, owned)).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(
      enclave.call(announceRootKey, { keyArns: ['arn:aws:kms:us-east-1:111122223333:key/x'] }),
    ).rejects.toThrow(code('ROTATION_REFUSED'));
  });
});

describe('a second KMS key', () => {
  const otherImage = { pcr0: Buffer.alloc(48, 1), pcr1: Buffer.alloc(48, 1), pcr2: Buffer.alloc(48, 1) };
  const denyUse = (arn: string) => lab.kms.setPolicy(arn, twinKeyPolicy([otherImage], 'operational'));

  async function bootAgain(rootRecord: Uint8Array): Promise<void> {
    await enclave[Symbol.asyncDispose]();
    enclave = await lab.boot();
    await enclave.call(loadRootRecord, { rootRecord });
  }

  it('opens the root key when the first is gone', async () => {
    const owned = await own(enclave, 1);
    denyUse(TWIN_KEY_ARN);
    await bootAgain(await lab.rootRecord());
    expect(await sign(enclave, owned)).toBe(200);
  });

  it('is added to a root key that one alone wrapped, without sealing a row again', async () => {
    const owned = await own(enclave, 1);
    await activate(enclave, [TWIN_KEY_ARN]);
    const { rows, rootRecord: alone } = await retire(enclave, owned);
    const { rootRecord } = await enclave.call(addRootWraps, { keyArns: [SECOND_KEY_ARN] });
    await enclave.call(loadRootRecord, { rootRecord });
    expect(await enclave.call(getRootKey, {})).toMatchObject({
      roots: [{ generation: 2, keyArns: [TWIN_KEY_ARN, SECOND_KEY_ARN] }],
    });
    await expect(enclave.call(addRootWraps, { keyArns: [SECOND_KEY_ARN] })).rejects.toThrow(
      code('ROTATION_REFUSED'),
    );
    denyUse(TWIN_KEY_ARN);
    await expect(bootAgain(alone)).rejects.toThrow();
    await bootAgain(rootRecord);
    expect(await sign(enclave, rows)).toBe(200);
  });

  it('and any other open a retired generation no more once their policies deny its encryption context', async () => {
    const owned = await own(enclave, 1);
    const first = await lab.rootRecord();
    await activate(enclave);
    const { rows, rootRecord } = await retire(enclave, owned);
    for (const arn of [TWIN_KEY_ARN, SECOND_KEY_ARN]) {
      lab.kms.setPolicy(arn, twinKeyPolicy([lab.measurements], 'operational', [1]));
    }
    await expect(bootAgain(first)).rejects.toThrow(code('KMS_DENIED'));
    await bootAgain(rootRecord);
    expect(await sign(enclave, rows)).toBe(200);
  });

  it('takes the place of the first by a rotation', async () => {
    const owned = await own(enclave, 1);
    await activate(enclave, [SECOND_KEY_ARN]);
    const { rows, rootRecord } = await retire(enclave, owned);
    denyUse(TWIN_KEY_ARN);
    await bootAgain(rootRecord);
    expect(await sign(enclave, rows)).toBe(200);
  });
});
