// A parent that uses the seconds in which a request waits: tokens of the near future, and keys that take a while to make.
import { setTimeout as sleep } from 'node:timers/promises';
import { activateRootKey } from '@strongroom/shared/operations/activate-root-key';
import { announceRootKey } from '@strongroom/shared/operations/announce-root-key';
import { certifyRotation } from '@strongroom/shared/operations/certify-rotation';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { createSolanaAccount } from '@strongroom/shared/operations/create-solana-account';
import { getImportKey } from '@strongroom/shared/operations/get-import-key';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { resealRows } from '@strongroom/shared/operations/reseal-rows';
import { retireRootKey } from '@strongroom/shared/operations/retire-root-key';
import { sendSolanaTransaction } from '@strongroom/shared/operations/send-solana-transaction';
import { updateSolanaAccount } from '@strongroom/shared/operations/update-solana-account';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { addLabPolicy } from '../support/lab-policy.ts';
import { createLabSigning, LAB_HASH } from '../support/lab-signing.ts';
import { solanaTransfer } from '../support/unsigned-solana-transfer.ts';

const outcomesOf = (held: readonly Promise<unknown>[]) =>
  Promise.all(
    held.map((each) =>
      each.then(
        () => 'OK',
        ({ code }: { code: string }) => code,
      ),
    ),
  );
/** Long enough for what happens meanwhile. */
const soon = () => Math.floor(Date.now() / 1000) + 3;
const generationOf = (sealed: Uint8Array) => Buffer.from(sealed).readUInt32BE(1);

let lab: Laboratory;
let enclave: LabEnclave;
let project: LabProject;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  project = await createLabProject(enclave);
});

async function load({ rootRecord }: { readonly rootRecord: Uint8Array }): Promise<void> {
  await enclave.call(loadRootRecord, { rootRecord });
}

async function activateNext(): Promise<void> {
  await load(await enclave.call(announceRootKey, { keyArns: null }));
  await load(await enclave.call(activateRootKey, {}));
}

async function retireOld(): Promise<void> {
  await enclave.call(certifyRotation, { reviewId: null });
  await load(await enclave.call(retireRootKey, {}));
}

describe('a request that waits for its time', () => {
  it('does not send for a Solana account whose record was replaced meanwhile', async () => {
    const { project: ruled, ...policy } = await addLabPolicy(enclave, project, {
      scope: 'account',
      rules: [
        {
          action: 'reject',
          operation: 'sendSolTransaction',
          criteria: [{ type: 'solNetwork', operator: 'in', networks: ['solana-devnet'] }],
        },
      ],
    });
    const path = '/v2/solana/accounts';
    const { created } = await enclave.call(createSolanaAccount, {
      client: signedRequest(ruled, { path, body: {} }),
      project: ruled.rows,
      existing: null,
    });
    const { account, walletKey, view } = created!;
    const transaction = Buffer.from(solanaTransfer(view.address, Buffer.alloc(32, 7))).toString('base64');
    const body = { network: 'solana-devnet', transaction };
    const held = enclave.call(sendSolanaTransaction, {
      client: signedRequest(ruled, { path: `${path}/send/transaction`, body, issuedAtS: soon() }),
      project: ruled.rows,
      accounts: [{ address: view.address, rows: { account, walletKey } }],
      policies: [policy.document],
      proposal: { blockhash: null },
    });
    const outcome = outcomesOf([held]);
    await sleep(100);
    const attached = await enclave.call(updateSolanaAccount, {
      client: signedRequest(ruled, {
        method: 'PUT',
        path: `${path}/${view.address}`,
        body: { accountPolicy: policy.id },
      }),
      project: ruled.rows,
      account,
    });
    const again = signedRequest(ruled, { method: 'PUT', path: `${path}/${view.address}`, body: {} });
    await enclave.call(updateSolanaAccount, {
      client: again,
      project: ruled.rows,
      account: attached.account,
    });
    expect(await outcome).toEqual(['RECORD_OLDER_VERSION']);
  });

  it('makes its key under the root key that seals when it is made', async () => {
    const client = signedRequest(project, { path: '/v2/evm/accounts', body: {}, issuedAtS: soon() });
    const held = enclave.call(createEvmAccount, { client, project: project.rows, existing: null });
    await sleep(100);
    await activateNext();
    const { created } = await held;
    expect(generationOf(created!.walletKey)).toBe(generationOf(created!.account.sealed));
    const { authority, clientSecret } = await enclave.call(resealRows, {
      project: project.rows,
      importKey: null,
      accounts: [],
    });
    await retireOld();
    const { projectId } = project.rows;
    const rows = { projectId, authority: { ...project.rows.authority, sealed: authority }, clientSecret };
    const { account, walletKey, view } = created!;
    const { address, certificate } = view;
    const made = { address, certificate, rows: { account, walletKey } };
    const signing = createLabSigning(enclave, { project: { ...project, rows }, account: made });
    expect((await signing.sign()).status).toBe(200);
  });

  it('opens no row of a generation that was retired meanwhile, and makes no key under it', async () => {
    const account = await createLabAccount(enclave, project);
    const signing = createLabSigning(enclave, { project, account });
    await activateNext();
    const issuedAtS = soon();
    const signed = signedRequest(project, { path: signing.signPath(), body: { hash: LAB_HASH }, issuedAtS });
    const create = signedRequest(project, { path: '/v2/evm/accounts', body: {}, issuedAtS });
    const held = [
      signing.sign({ client: signed }),
      enclave.call(createEvmAccount, { client: create, project: project.rows, existing: null }),
    ];
    const outcomes = outcomesOf(held);
    await sleep(100);
    await retireOld();
    expect(await outcomes).toEqual(['SEALED_BLOB_REFUSED', 'SEALED_BLOB_REFUSED']);
  });
});

describe('an import key that is being made', () => {
  it('is sealed under the root key that seals when it is done', async () => {
    const making = enclave.call(getImportKey, { project: project.rows, importKey: null });
    await activateNext();
    const { created } = await making;
    const { clientSecret } = await enclave.call(resealRows, {
      project: project.rows,
      importKey: created,
      accounts: [],
    });
    expect(generationOf(created!)).toBe(generationOf(clientSecret));
    await retireOld();
  });
});
