// A parent that cheats while the root key is rotated; and what an operator may ask for, in which order.
import { verifyAccountCertificate } from '@strongroom/attestation/account-certificate';
import {
  type ListedAccount,
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
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { resealRows } from '@strongroom/shared/operations/reseal-rows';
import { retireRootKey } from '@strongroom/shared/operations/retire-root-key';
import { reviewRows } from '@strongroom/shared/operations/review-rows';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';

const SECOND_KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002';
const code = (expected: string) => expect.objectContaining({ code: expected });
const NONCE = Buffer.alloc(32, 7);
let lab: Laboratory;
let enclave: LabEnclave;

beforeEach(async () => {
  lab = await openLaboratory({ keyArns: [TWIN_KEY_ARN, SECOND_KEY_ARN] });
  enclave = await lab.bootReady();
});
afterEach(() => lab[Symbol.asyncDispose]());

type Change = typeof announceRootKey | typeof activateRootKey | typeof retireRootKey;

async function change(operation: Change, request: object = {}): Promise<Uint8Array> {
  const { rootRecord } = await enclave.call(operation, request as never);
  await enclave.call(loadRootRecord, { rootRecord });
  return rootRecord;
}

async function activate(keyArns: string[] | null = null): Promise<Uint8Array> {
  await change(announceRootKey, { keyArns });
  return await change(activateRootKey);
}

interface Owned {
  readonly project: LabProject;
  readonly accounts: readonly LabAccount[];
}

async function own(accounts: number): Promise<Owned> {
  const project = await createLabProject(enclave);
  const made = await Promise.all(Array.from({ length: accounts }, () => createLabAccount(enclave, project)));
  return {
    project,
    accounts: made.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1)),
  };
}

const presented = (accounts: readonly LabAccount[]) =>
  accounts.map(({ address, rows }) => ({ address, account: rows.account, walletKey: rows.walletKey }));

async function reseal({ project, accounts }: Owned): Promise<Owned> {
  const { authority, clientSecret, ...sealed } = await enclave.call(resealRows, {
    project: project.rows,
    importKey: null,
    accounts: presented(accounts),
  });
  const { projectId } = project.rows;
  const rows = {
    projectId,
    authority: { version: project.rows.authority.version, sealed: authority },
    clientSecret,
  };
  return {
    project: { ...project, rows },
    accounts: accounts.map(({ rows: old, ...account }, index) => {
      const to = sealed.accounts[index];
      if (to === undefined) throw new Error('an account is missing');
      const record = { version: old.account.version, sealed: to.account };
      return { ...account, rows: { account: record, walletKey: to.walletKey } };
    }),
  };
}

async function review(
  { project, accounts }: Owned,
  reviewId: Uint8Array | null = null,
  part: 'inner' | 'last' = 'last',
) {
  return await enclave.call(reviewRows, {
    reviewId,
    project: project.rows,
    importKey: null,
    accounts: presented(accounts),
    part,
  });
}

async function sign({ project, accounts }: Owned, index = 0) {
  const account = accounts[index] as LabAccount;
  const path = `/v2/evm/accounts/${account.address}/sign`;
  const { status } = await enclave.call(signEvmHash, {
    client: signedRequest(project, { path, body: { hash: `0x${'ab'.repeat(32)}` } }),
    project: project.rows,
    rows: account.rows,
  });
  return status;
}

async function identityKey(): Promise<Uint8Array> {
  const record = decodeCbor(await lab.rootRecord()) as { body: { identityKey: Uint8Array } };
  return record.body.identityKey;
}

async function listed({ project, accounts }: Owned): Promise<ListedAccount[]> {
  const key = await identityKey();
  const { projectId } = project.rows;
  return await Promise.all(
    accounts.map(async ({ address, certificate }) => {
      const { publicKey } = await verifyAccountCertificate(certificate, key, { projectId, address });
      return { address, publicKey };
    }),
  );
}

describe('a rotation', () => {
  it('signs with rows of either generation, and certifies what the enclave saw', async () => {
    const old = await own(5);
    await change(announceRootKey, { keyArns: null });
    expect(await sign(old)).toBe(200);
    await change(activateRootKey);
    expect(await sign(old)).toBe(200);
    const rows = await reseal(old);
    expect([await sign(rows), await sign(old, 1)]).toEqual([200, 200]);
    const { reviewId } = await review({ ...rows, accounts: rows.accounts.slice(0, 3) }, null, 'inner');
    const { certificate } = await review({ ...rows, accounts: rows.accounts.slice(3) }, reviewId);
    if (certificate === null) throw new Error('no certificate');
    const whole = await enclave.call(certifyRotation, { reviewId });
    await change(retireRootKey);
    expect(await sign(rows)).toBe(200);
    expect(await enclave.call(getRootKey, {})).toMatchObject({
      generation: 2,
      recordVersion: 4,
      roots: [{ generation: 2 }],
    });
    const key = await identityKey();
    const { projectId } = rows.project.rows;
    const accounts = await listed(rows);
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
    const old = await own(1);
    const recordDigest = async ({ project }: Owned) => {
      const { certificate } = await enclave.call(certifyProject, { project: project.rows, nonce: NONCE });
      return (
        decodeCbor((decodeCbor(certificate) as Uint8Array[])[2] as Uint8Array) as { recordDigest: Uint8Array }
      ).recordDigest;
    };
    const before = await recordDigest(old);
    await activate();
    expect(await recordDigest(await reseal(old))).toEqual(before);
  });

  it('carries import keys', async () => {
    const { project } = await own(0);
    const { created, publicKey } = await enclave.call(getImportKey, {
      project: project.rows,
      importKey: null,
    });
    await activate();
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
    const owned = await own(1);
    for (const step of [activateRootKey, retireRootKey] as const) {
      await expect(enclave.call(step, {})).rejects.toThrow(code('ROTATION_REFUSED'));
    }
    await change(announceRootKey, { keyArns: null });
    await expect(enclave.call(announceRootKey, { keyArns: null })).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(enclave.call(retireRootKey, {})).rejects.toThrow(code('ROTATION_REFUSED'));
    await change(activateRootKey);
    await expect(enclave.call(retireRootKey, {})).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(review(owned)).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(
      enclave.call(announceRootKey, { keyArns: ['arn:aws:kms:us-east-1:111122223333:key/x'] }),
    ).rejects.toThrow(code('ROTATION_REFUSED'));
  });
});

describe('a hostile parent', () => {
  async function retire(owned: Owned): Promise<Owned> {
    await activate();
    const rows = await reseal(owned);
    const { reviewId } = await review(rows);
    await enclave.call(certifyRotation, { reviewId });
    await change(retireRootKey);
    return rows;
  }

  it('that presents rows of a retired generation is refused, also for what was open before', async () => {
    const old = await own(1);
    const { created } = await enclave.call(getImportKey, { project: old.project.rows, importKey: null });
    expect(await sign(old)).toBe(200);
    const rows = await retire(old);
    await expect(sign(old)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    await expect(sign({ project: rows.project, accounts: old.accounts })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
    const [account] = rows.accounts as [LabAccount];
    const [before] = old.accounts as [LabAccount];
    const mixed = { ...account, rows: { ...account.rows, walletKey: before.rows.walletKey } };
    await expect(sign({ project: rows.project, accounts: [mixed] })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
    const oldImportKey = { project: rows.project.rows, importKey: created };
    await expect(enclave.call(getImportKey, oldImportKey)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    expect(await sign(rows)).toBe(200);
  });

  it('cannot roll the root record back, fork it, or bring that of another deployment', async () => {
    const owned = await own(1);
    const first = await lab.rootRecord();
    const announced = await change(announceRootKey, { keyArns: null });
    const { rootRecord: rival } = await enclave.call(activateRootKey, {});
    await change(activateRootKey);
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
    expect(await sign(owned)).toBe(200);
  });

  it('gets nothing sealed from a batch that mixes projects', async () => {
    const one = await own(1);
    const two = await own(1);
    await activate();
    const mixed = { project: one.project, accounts: [...one.accounts, ...two.accounts] };
    await expect(reseal(mixed)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    const [ours, theirs] = [await reseal(one), await reseal(two)];
    const shown = { project: ours.project, accounts: theirs.accounts };
    await expect(review(shown)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('that drops an account from the review is found out by the client', async () => {
    const all = await own(3);
    await activate();
    const rows = await reseal(all);
    const { certificate } = await review({ ...rows, accounts: rows.accounts.slice(1) });
    if (certificate === null) throw new Error('no certificate');
    const { projectId } = rows.project.rows;
    const accounts = await listed(rows);
    const key = await identityKey();
    await expect(verifyRotationCertificate(certificate, key, { projectId, accounts })).rejects.toThrow(
      code('STATEMENT_ACCOUNTS'),
    );
    const [, ...shown] = accounts;
    expect(await verifyRotationCertificate(certificate, key, { projectId, accounts: shown })).toMatchObject({
      accounts: 2,
    });
  });

  it('cannot make an account or a project count twice, nor count one that is of the old generation', async () => {
    const old = await own(2);
    await activate();
    const rows = await reseal(old);
    const twice = { ...rows, accounts: [...rows.accounts, ...rows.accounts] };
    await expect(review(twice)).rejects.toThrow(code('ROTATION_REFUSED'));
    const { reviewId } = await review(rows);
    await expect(review(rows, reviewId)).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(enclave.call(certifyRotation, { reviewId })).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(review({ ...rows, accounts: old.accounts })).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(review({ ...rows, project: old.project })).rejects.toThrow(code('ROTATION_REFUSED'));
    const { reviewId: open } = await review({ ...rows, accounts: [] }, null, 'inner');
    await expect(enclave.call(certifyRotation, { reviewId: open })).rejects.toThrow(code('ROTATION_REFUSED'));
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
    const owned = await own(1);
    denyUse(TWIN_KEY_ARN);
    await bootAgain(await lab.rootRecord());
    expect(await sign(owned)).toBe(200);
  });

  it('is added to a root key that one alone wrapped, without sealing a row again', async () => {
    const owned = await own(1);
    await activate([TWIN_KEY_ARN]);
    const rows = await reseal(owned);
    const { reviewId } = await review(rows);
    await enclave.call(certifyRotation, { reviewId });
    const alone = await change(retireRootKey);
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
    expect(await sign(rows)).toBe(200);
  });

  it('and any other open a retired generation no more once their policies deny its encryption context', async () => {
    const owned = await own(1);
    const first = await lab.rootRecord();
    await activate();
    const rows = await reseal(owned);
    const { reviewId } = await review(rows);
    await enclave.call(certifyRotation, { reviewId });
    const rootRecord = await change(retireRootKey);
    for (const arn of [TWIN_KEY_ARN, SECOND_KEY_ARN]) {
      lab.kms.setPolicy(arn, twinKeyPolicy([lab.measurements], 'operational', [1]));
    }
    await expect(bootAgain(first)).rejects.toThrow(code('KMS_DENIED'));
    await bootAgain(rootRecord);
    expect(await sign(rows)).toBe(200);
  });

  it('takes the place of the first by a rotation', async () => {
    const owned = await own(1);
    await activate([SECOND_KEY_ARN]);
    const rows = await reseal(owned);
    const { reviewId } = await review(rows);
    await enclave.call(certifyRotation, { reviewId });
    const rootRecord = await change(retireRootKey);
    denyUse(TWIN_KEY_ARN);
    await bootAgain(rootRecord);
    expect(await sign(rows)).toBe(200);
  });
});
