// A parent that cheats while the root key is rotated.
import { verifyRotationCertificate } from '@strongroom/attestation/rotation-certificate';
import { activateRootKey } from '@strongroom/shared/operations/activate-root-key';
import { announceRootKey } from '@strongroom/shared/operations/announce-root-key';
import { certifyRotation } from '@strongroom/shared/operations/certify-rotation';
import { getImportKey } from '@strongroom/shared/operations/get-import-key';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabAccount } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  activate,
  change,
  identityKeyOfLab,
  listed,
  openRotationLab,
  own,
  reseal,
  retire,
  review,
  sign,
} from '../support/rotation-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: Laboratory;
let enclave: LabEnclave;

beforeEach(async () => {
  lab = await openRotationLab();
  enclave = await lab.bootReady();
});
afterEach(() => lab[Symbol.asyncDispose]());

describe('a hostile parent', () => {
  it('that presents rows of a retired generation is refused, also for what was open before', async () => {
    const old = await own(enclave, 1);
    const { created } = await enclave.call(getImportKey, { project: old.project.rows, importKey: null });
    expect(await sign(enclave, old)).toBe(200);
    await activate(enclave);
    const { rows } = await retire(enclave, old);
    await expect(sign(enclave, old)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    await expect(sign(enclave, { project: rows.project, accounts: old.accounts })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
    const [account] = rows.accounts as [LabAccount];
    const [before] = old.accounts as [LabAccount];
    const mixed = { ...account, rows: { ...account.rows, walletKey: before.rows.walletKey } };
    await expect(sign(enclave, { project: rows.project, accounts: [mixed] })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
    const oldImportKey = { project: rows.project.rows, importKey: created };
    await expect(enclave.call(getImportKey, oldImportKey)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    expect(await sign(enclave, rows)).toBe(200);
  });

  it('cannot roll the root record back, fork it, or bring that of another deployment', async () => {
    const owned = await own(enclave, 1);
    const first = await lab.rootRecord();
    const announced = await change(enclave, announceRootKey, { keyArns: null });
    const { rootRecord: rival } = await enclave.call(activateRootKey, {});
    await change(enclave, activateRootKey);
    for (const rootRecord of [first, announced]) {
      await expect(enclave.call(loadRootRecord, { rootRecord })).rejects.toThrow(
        code('RECORD_OLDER_VERSION'),
      );
    }
    await expect(enclave.call(loadRootRecord, { rootRecord: rival })).rejects.toThrow(
      code('ROOT_ALREADY_LOADED'),
    );
    await using other = await openLaboratory();
    await expect(enclave.call(loadRootRecord, { rootRecord: await other.rootRecord() })).rejects.toThrow(
      code('ROOT_ALREADY_LOADED'),
    );
    expect(await enclave.call(getStatus, {})).toMatchObject({ phase: 'ready', generation: 2 });
    expect(await sign(enclave, owned)).toBe(200);
  });

  it('gets nothing sealed from a batch that mixes projects', async () => {
    const one = await own(enclave, 1);
    const two = await own(enclave, 1);
    await activate(enclave);
    const mixed = { project: one.project, accounts: [...one.accounts, ...two.accounts] };
    await expect(reseal(enclave, mixed)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    const [ours, theirs] = [await reseal(enclave, one), await reseal(enclave, two)];
    const shown = { project: ours.project, accounts: theirs.accounts };
    await expect(review(enclave, shown)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('that drops an account from the review is found out by the client', async () => {
    const all = await own(enclave, 3);
    await activate(enclave);
    const rows = await reseal(enclave, all);
    const { certificate } = await review(enclave, { ...rows, accounts: rows.accounts.slice(1) });
    if (certificate === null) throw new Error('no certificate');
    const { projectId } = rows.project.rows;
    const accounts = await listed(lab, rows);
    const key = await identityKeyOfLab(lab);
    await expect(verifyRotationCertificate(certificate, key, { projectId, accounts })).rejects.toThrow(
      code('STATEMENT_ACCOUNTS'),
    );
    const [, ...shown] = accounts;
    expect(await verifyRotationCertificate(certificate, key, { projectId, accounts: shown })).toMatchObject({
      accounts: 2,
    });
  });

  it('cannot make an account or a project count twice, nor count one that is of the old generation', async () => {
    const old = await own(enclave, 2);
    await activate(enclave);
    const rows = await reseal(enclave, old);
    const twice = { ...rows, accounts: [...rows.accounts, ...rows.accounts] };
    await expect(review(enclave, twice)).rejects.toThrow(code('ROTATION_REFUSED'));
    const { reviewId } = await review(enclave, rows);
    await expect(review(enclave, rows, reviewId)).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(enclave.call(certifyRotation, { reviewId })).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(review(enclave, { ...rows, accounts: old.accounts })).rejects.toThrow(
      code('ROTATION_REFUSED'),
    );
    await expect(review(enclave, { ...rows, project: old.project })).rejects.toThrow(
      code('ROTATION_REFUSED'),
    );
    const { reviewId: open } = await review(enclave, { ...rows, accounts: [] }, null, 'inner');
    await expect(enclave.call(certifyRotation, { reviewId: open })).rejects.toThrow(code('ROTATION_REFUSED'));
  });
});
