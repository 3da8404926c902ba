// Rotations of the root key in a laboratory: what an operator has the enclave do, and rows as the store would have them after it.
import { verifyAccountCertificate } from '@strongroom/attestation/account-certificate';
import type { ListedAccount } from '@strongroom/attestation/rotation-certificate';
import { activateRootKey } from '@strongroom/shared/operations/activate-root-key';
import { announceRootKey } from '@strongroom/shared/operations/announce-root-key';
import { certifyRotation } from '@strongroom/shared/operations/certify-rotation';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { resealRows } from '@strongroom/shared/operations/reseal-rows';
import { retireRootKey } from '@strongroom/shared/operations/retire-root-key';
import { reviewRows } from '@strongroom/shared/operations/review-rows';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { TWIN_KEY_ARN } from '../../src/system/twin-configuration.ts';
import { signHashBy } from './lab-signing.ts';

export const SECOND_KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002';

/** A project and its accounts, ascending by address. */
export interface Owned {
  readonly project: LabProject;
  readonly accounts: readonly LabAccount[];
}

/** A laboratory of two KMS keys. */
export function openRotationLab(): Promise<Laboratory> {
  return openLaboratory({ keyArns: [TWIN_KEY_ARN, SECOND_KEY_ARN] });
}

/** One step, whose root record the enclave loads. */
export async function change(
  enclave: LabEnclave,
  operation: typeof announceRootKey | typeof activateRootKey | typeof retireRootKey,
  request: object = {},
): Promise<Uint8Array> {
  const { rootRecord } = await enclave.call(operation, request as never);
  await enclave.call(loadRootRecord, { rootRecord });
  return rootRecord;
}

export async function activate(enclave: LabEnclave, keyArns: string[] | null = null): Promise<Uint8Array> {
  await change(enclave, announceRootKey, { keyArns });
  return await change(enclave, activateRootKey);
}

/** After the next generation is active: everything is sealed anew and reviewed, and the generation before it is retired. */
export async function retire(
  enclave: LabEnclave,
  owned: Owned,
): Promise<{ readonly rows: Owned; readonly rootRecord: Uint8Array }> {
  const rows = await reseal(enclave, owned);
  const { reviewId } = await review(enclave, rows);
  await enclave.call(certifyRotation, { reviewId });
  return { rows, rootRecord: await change(enclave, retireRootKey) };
}

export async function own(enclave: LabEnclave, accounts: number): Promise<Owned> {
  const project = await createLabProject(enclave);
  const made = await Promise.all(Array.from({ length: accounts }, () => createLabAccount(enclave, project)));
  return {
    project,
    accounts: made.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1)),
  };
}

const presented = (accounts: readonly LabAccount[]) =>
  accounts.map(({ address, rows }) => ({ address, account: rows.account, walletKey: rows.walletKey }));

export async function reseal(enclave: LabEnclave, { project, accounts }: Owned): Promise<Owned> {
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

export async function review(
  enclave: LabEnclave,
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

/** @returns the status of a signature by one of the accounts */
export async function sign(enclave: LabEnclave, { project, accounts }: Owned, index = 0): Promise<number> {
  return (await signHashBy(enclave, project, accounts[index] as LabAccount)).status;
}

export async function identityKeyOfLab(lab: Laboratory): Promise<Uint8Array> {
  const record = decodeCbor(await lab.rootRecord()) as { body: { identityKey: Uint8Array } };
  return record.body.identityKey;
}

/** The accounts as their client knows them, by their certificates. */
export async function listed(lab: Laboratory, { project, accounts }: Owned): Promise<ListedAccount[]> {
  const key = await identityKeyOfLab(lab);
  const { projectId } = project.rows;
  return await Promise.all(
    accounts.map(async ({ address, certificate }) => {
      const { publicKey } = await verifyAccountCertificate(certificate, key, { projectId, address });
      return { address, publicKey };
    }),
  );
}
