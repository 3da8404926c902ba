// What a client's token leaves open is the parent's to choose; here it chooses what the client would not have.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { createSolanaAccount } from '@strongroom/shared/operations/create-solana-account';
import { delegateEvmAccount } from '@strongroom/shared/operations/delegate-evm-account';
import { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import { importEvmAccount } from '@strongroom/shared/operations/import-evm-account';
import { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLabAccount, createLabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  addLabPolicy,
  changeLabPolicy,
  encryptForImport,
  fullySignedRequest,
  type LabPolicy,
  makeLabImportKey,
} from '../support/lab-policy.ts';
import { createLabSigning } from '../support/lab-signing.ts';
import {
  callTo,
  createLabWallet,
  LAB_FEE,
  LAB_PROPOSAL,
  type LabSmartAccount,
  type LabWallet,
  ownersOf,
  userOperationRequest,
} from '../support/lab-user-operation.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const ALLOWED: Address = '0x00000000000000000000000000000000000000aa';
const FORBIDDEN: Address = '0x00000000000000000000000000000000000000bb';

let lab: Laboratory;
let enclave: LabEnclave;
let wallet: LabWallet;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  wallet = await createLabWallet(enclave, ALLOWED);
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('an account that delegated', () => {
  it('is spoken for by its own key, under its own policies, whatever other owners are named', async () => {
    const { project, owner, policy } = wallet;
    const unruled = await createLabAccount(enclave, project);
    const address = owner.address as Address;
    const delegated: LabSmartAccount = { address, owners: [address, unruled.address as Address] };
    const ask = (ownerIndex: 0 | 1, to: Address) =>
      enclave.call(prepareAndSendUserOperation, {
        client: userOperationRequest(project, delegated, { calls: [callTo(to)] }),
        project: project.rows,
        owners: ownersOf(delegated),
        ownerIndex,
        rows: [owner, unruled][ownerIndex]!.rows,
        policies: [policy.document],
        proposal: LAB_PROPOSAL,
      });
    expect((await ask(0, ALLOWED)).answer.status).toBe(200);
    await expect(ask(0, FORBIDDEN)).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(ask(1, FORBIDDEN)).rejects.toThrow(code('RECORD_MISMATCH'));
  });
});

describe('an account that may send to one address', () => {
  it('delegates only where that is itself, and not while its policy is withheld', async () => {
    const fresh = await createLabProject(enclave, { maxFeeWei: `${LAB_FEE}` });
    const account = await createLabAccount(enclave, fresh);
    const sendsTo = (...addresses: readonly string[]) => ({
      rules: [
        {
          action: 'accept',
          operation: 'sendEvmTransaction',
          criteria: [{ type: 'evmAddress', operator: 'in', addresses }],
        },
      ],
    });
    const elsewhere = await addLabPolicy(enclave, fresh, { scope: 'project', ...sendsTo(ALLOWED) });
    const delegate = ({ project, document }: LabPolicy, policies = [document]) =>
      enclave.call(delegateEvmAccount, {
        client: signedRequest(project, {
          path: `/v2/evm/accounts/${account.address}/eip7702/delegation`,
          body: { network: 'base-sepolia' },
        }),
        project: project.rows,
        rows: account.rows,
        policies,
        proposal: {
          nonce: 5,
          gasLimit: 350_000,
          maxFeePerGas: 2e9,
          maxPriorityFeePerGas: 1e9,
          trackerNonce: 0,
          currentImplementation: new Uint8Array(20),
        },
      });
    await expect(delegate(elsewhere)).rejects.toThrow(code('POLICY_VIOLATION'));
    const itself = await changeLabPolicy(enclave, elsewhere, sendsTo(account.address));
    await expect(delegate(itself, [])).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
    await expect(delegate(itself, [elsewhere.document])).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
    expect((await delegate(itself)).answer.status).toBe(201);
  });
});

describe('a name', () => {
  it('that an EVM and a Solana account share is that of the account whose chain the path names', async () => {
    const scopes = ['read', 'sign', 'accounts#export'] as const;
    const project = await createLabProject(enclave, { exportAllowed: true, scopes });
    await createLabAccount(enclave, project, { name: 'shared' });
    const { created } = await enclave.call(createSolanaAccount, {
      client: signedRequest(project, { path: '/v2/solana/accounts', body: { name: 'shared' } }),
      project: project.rows,
      existing: null,
    });
    const { account, walletKey, view } = created!;
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const exportEncryptionKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const path = '/v2/evm/accounts/export/by-name/shared';
    const exporting = enclave.call(exportEvmAccount, {
      client: fullySignedRequest(project, { path, body: { exportEncryptionKey } }),
      project: project.rows,
      address: view.address,
      rows: { account, walletKey },
    });
    await expect(exporting).rejects.toThrow(code('RECORD_MISMATCH'));
  });
});

describe('a key that was imported twice', () => {
  it('signs under the record that was shown first, and not under the other, laxer one', async () => {
    const { project, policy } = wallet;
    const importKey = await makeLabImportKey(enclave, project);
    const secretKey = randomBytes(32);
    const take = async (body: object) => {
      const encryptedPrivateKey = encryptForImport(importKey.publicKey, secretKey);
      const { created } = await enclave.call(importEvmAccount, {
        client: signedRequest(project, {
          path: '/v2/evm/accounts/import',
          body: { encryptedPrivateKey, ...body },
        }),
        project: project.rows,
        importKey: importKey.sealed,
        existing: null,
      });
      const { account, walletKey, view } = created!;
      return { address: view.address, certificate: view.certificate, rows: { account, walletKey } };
    };
    const ruled = await take({ accountPolicy: policy.id });
    const lax = await take({});
    expect(lax.address).toBe(ruled.address);
    const sign = (account: typeof lax) =>
      createLabSigning(enclave, { project, account }).sign({ policies: [policy.document] });
    await expect(sign(ruled)).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(sign(lax)).rejects.toThrow(code('RECORD_FORKED'));
  });
});

describe('not prevented', () => {
  it('a creation is answered with another account of the project, by the name that that one has', async () => {
    const project = await createLabProject(enclave);
    const older = await createLabAccount(enclave, project, { name: 'older' });
    const existing = { address: older.address, account: older.rows.account };
    const client = signedRequest(project, { path: '/v2/evm/accounts', body: { name: 'newer' } });
    const { answer, created } = await enclave.call(createEvmAccount, {
      client,
      project: project.rows,
      existing,
    });
    expect(created).toBeNull();
    expect(JSON.parse(Buffer.from(answer.body).toString())).toMatchObject({
      address: older.address,
      name: 'older',
    });
  });
});
