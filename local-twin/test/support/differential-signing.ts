// The enclave signs random requests under keys that were exported to other libraries, which sign them too.
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { type Address, getTransactionEncoder, type SignatureBytes } from '@solana/kit';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { createSolanaAccount } from '@strongroom/shared/operations/create-solana-account';
import { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import { exportSolanaAccount } from '@strongroom/shared/operations/export-solana-account';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import { signEvmTransaction } from '@strongroom/shared/operations/sign-evm-transaction';
import { signEvmTypedData } from '@strongroom/shared/operations/sign-evm-typed-data';
import { signSolanaMessage } from '@strongroom/shared/operations/sign-solana-message';
import { signSolanaTransaction } from '@strongroom/shared/operations/sign-solana-transaction';
import { Wallet } from 'ethers';
import fc from 'fast-check';
import { serializeTransaction } from 'viem';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { expect } from 'vitest';
import { randomTypedData } from '../../../enclave-app/test/property/evm-random-typed-data.ts';
import { seededRandom } from '../../../enclave-app/test/property/evm-seeded-random.ts';
import {
  ofType,
  type TransactionType,
} from '../../../enclave-app/test/property/evm-transaction-arbitraries.ts';
import {
  base58,
  compile,
  description,
} from '../../../enclave-app/test/property/solana-transaction-arbitraries.ts';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';
import { fullySignedRequest } from './lab-policy.ts';

const AT_ONCE = 64;
const text = fc.string({ unit: 'binary', maxLength: 300 });
const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 });

type SignOperation =
  | typeof signEvmHash
  | typeof signEvmMessage
  | typeof signEvmTypedData
  | typeof signEvmTransaction
  | typeof signSolanaMessage
  | typeof signSolanaTransaction;

/** One request, and what another library makes of it under the same key. */
interface Case {
  readonly operation: SignOperation;
  readonly path: string;
  readonly body: object;
  readonly expected: object;
}

/** An account whose key other libraries have as well. */
export interface SharedAccount {
  readonly address: string;
  /** 32 bytes. */
  readonly secretKey: Uint8Array;
  readonly sign: (given: Pick<Case, 'operation' | 'path' | 'body'>) => Promise<unknown>;
}

export async function openSharedAccount(
  enclave: LabEnclave,
  family: 'evm' | 'solana',
): Promise<SharedAccount> {
  const project = await createLabProject(enclave, { exportAllowed: true, scopes: ['accounts#export'] });
  const accounts = `/v2/${family}/accounts`;
  const { created } = await enclave.call(family === 'evm' ? createEvmAccount : createSolanaAccount, {
    client: signedRequest(project, { path: accounts }),
    project: project.rows,
    existing: null,
  });
  if (created === null) throw new Error('no account was created');
  const { address } = created.view;
  const rows = { account: created.account, walletKey: created.walletKey };
  const account = { address, rows, path: `${accounts}/${address}` };
  return {
    address,
    secretKey: await exported(enclave, project, account),
    async sign({ operation, path, body }) {
      const client = signedRequest(project, { path: `${account.path}${path}`, body });
      // Their requests and answers are of one shape.
      const answer = await enclave.call(operation as typeof signEvmHash, {
        client,
        project: project.rows,
        rows,
      });
      return JSON.parse(Buffer.from(answer.body).toString());
    },
  };
}

interface ExportedAccount {
  readonly address: string;
  readonly path: string;
  readonly rows: {
    readonly account: { sealed: Uint8Array; version: number };
    readonly walletKey: Uint8Array;
  };
}

async function exported(enclave: LabEnclave, project: LabProject, { address, path, rows }: ExportedAccount) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const exportEncryptionKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const client = fullySignedRequest(project, { path: `${path}/export`, body: { exportEncryptionKey } });
  const operation = address.startsWith('0x') ? exportEvmAccount : exportSolanaAccount;
  const answer = await enclave.call(operation, { client, project: project.rows, address, rows });
  const { encryptedPrivateKey } = JSON.parse(Buffer.from(answer.body).toString());
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const ciphertext = Buffer.from(encryptedPrivateKey, 'base64');
  return privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, ciphertext);
}

/** @returns how many requests were compared */
async function compareAll(account: SharedAccount, cases: readonly Case[]): Promise<number> {
  for (let at = 0; at < cases.length; at += AT_ONCE) {
    const some = cases.slice(at, at + AT_ONCE);
    const answers = await Promise.all(some.map((one) => account.sign(one)));
    expect(answers).toEqual(some.map(({ expected }) => expected));
  }
  return cases.length;
}

const viemOf = ({ secretKey }: SharedAccount): PrivateKeyAccount =>
  privateKeyToAccount(`0x${Buffer.from(secretKey).toString('hex')}`);

/** Transactions of one type, signed by viem. */
export async function compareTransactions(
  account: SharedAccount,
  type: TransactionType,
  count: number,
): Promise<number> {
  const viem = viemOf(account);
  const transactions = fc.sample(ofType[type], { numRuns: count, seed: 1559 });
  const cases = transactions.map(async (transaction) => ({
    operation: signEvmTransaction,
    path: '/sign/transaction',
    body: { transaction: serializeTransaction(transaction) },
    expected: { signedTransaction: await viem.signTransaction(transaction) },
  }));
  return await compareAll(account, await Promise.all(cases));
}

/** Typed data, signed by viem and by ethers. */
export async function compareTypedData(account: SharedAccount, count: number): Promise<number> {
  const viem = viemOf(account);
  const ethers = new Wallet(`0x${Buffer.from(account.secretKey).toString('hex')}`);
  const random = seededRandom(8);
  const cases: Case[] = [];
  for (let run = 0; run < count; run += 1) {
    const { types, domainFields, domain, message, givesDomainType } = randomTypedData(random);
    const allTypes = givesDomainType ? { ...types, EIP712Domain: domainFields } : types;
    const primaryType = 'Order';
    const library = { domain: domain.library, types: allTypes, primaryType, message: message.library };
    const signature = await viem.signTypedData(library as never);
    const byEthers = await ethers.signTypedData(domain.library as never, types, message.library as never);
    expect(byEthers).toBe(signature);
    const body = { domain: domain.wire, types: allTypes, primaryType, message: message.wire };
    cases.push({ operation: signEvmTypedData, path: '/sign/typed-data', body, expected: { signature } });
  }
  return await compareAll(account, cases);
}

/** Messages and raw hashes, half and half, signed by viem. */
export async function compareMessages(account: SharedAccount, count: number): Promise<number> {
  const viem = viemOf(account);
  const messages = fc.sample(text, { numRuns: Math.ceil(count / 2), seed: 191 });
  const hashes = fc.sample(anyHash, { numRuns: Math.floor(count / 2), seed: 32 });
  const cases = [
    ...messages.map(async (message) => ({
      operation: signEvmMessage,
      path: '/sign/message',
      body: { message },
      expected: { signature: await viem.signMessage({ message }) },
    })),
    ...hashes.map(async (bytes) => {
      const hash = `0x${Buffer.from(bytes).toString('hex')}` as const;
      const expected = { signature: await viem.sign({ hash }) };
      return { operation: signEvmHash, path: '/sign', body: { hash }, expected };
    }),
  ];
  return await compareAll(account, await Promise.all(cases));
}

/** Texts, signed by noble. */
export async function compareSolanaMessages(account: SharedAccount, count: number): Promise<number> {
  const cases = fc.sample(text, { numRuns: count, seed: 25519 }).map((message) => {
    const signature = base58.decode(ed25519.sign(Buffer.from(message), account.secretKey));
    return {
      operation: signSolanaMessage,
      path: '/sign/message',
      body: { message },
      expected: { signature },
    };
  });
  return await compareAll(account, cases);
}

/** Legacy and v0 transactions, compiled by kit, signed by noble, with the account as payer or further signer. */
export async function compareSolanaTransactions(account: SharedAccount, count: number): Promise<number> {
  const signer = account.address as Address;
  const encoder = getTransactionEncoder();
  const cases: Case[] = [];
  for (const [index, given] of fc.sample(description, { numRuns: count * 2, seed: 1232 }).entries()) {
    const asPayer = { ...given, feePayer: signer };
    const [first, ...others] = given.instructions;
    const accounts = [...(first?.accounts.slice(1) ?? []), { address: signer, role: 2 }];
    const asSigner = { ...given, instructions: [{ ...first, accounts }, ...others] } as typeof given;
    const transaction = compile(index % 2 === 0 ? asPayer : asSigner);
    const unsigned = Buffer.from(encoder.encode(transaction) as Uint8Array);
    if (unsigned.length > 1232 || cases.length === count) continue;
    const message = Uint8Array.from(transaction.messageBytes);
    const signature = ed25519.sign(message, account.secretKey) as SignatureBytes;
    const signed = { ...transaction, signatures: { ...transaction.signatures, [signer]: signature } };
    // Now and then as some clients send it: without slots.
    const sent = index % 5 === 0 ? Buffer.concat([Buffer.of(0), message]) : unsigned;
    cases.push({
      operation: signSolanaTransaction,
      path: '/sign/transaction',
      body: { transaction: sent.toString('base64') },
      expected: { signedTransaction: Buffer.from(encoder.encode(signed) as Uint8Array).toString('base64') },
    });
  }
  return await compareAll(account, cases);
}
