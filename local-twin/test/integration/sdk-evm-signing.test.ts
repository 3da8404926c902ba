// The official SDK against enclave and proxy as processes of their own: every signature, recovered by viem and checked by noble.
import type { CdpClient, EvmServerAccount } from '@coinbase/cdp-sdk';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  type Hex,
  hashMessage,
  hashTypedData,
  hexToBytes,
  keccak256,
  parseTransaction,
  recoverAddress,
  recoverTransactionAddress,
  type SignedAuthorization,
  type SignedAuthorizationList,
  serializeTransaction,
  type TransactionSerializable,
  type TransactionSerializedEIP7702,
  type TypedDataDefinition,
} from 'viem';
import { privateKeyToAccount, toAccount } from 'viem/accounts';
import { recoverAuthorizationAddress } from 'viem/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';
import { TYPED_DATA } from '../support/typed-data.ts';

let system: TestSystem;
let cdp: CdpClient;
let account: EvmServerAccount;

beforeAll(async () => {
  system = await startTestSystem();
  cdp = connectSdk(await createTestProject(system));
  account = await cdp.evm.createAccount();
});
afterAll(() => system[Symbol.asyncDispose]());

/** Recovers the signer with viem, and with noble, which refuses a high s. */
async function expectSigned(digest: Hex, signature: Hex): Promise<void> {
  expect(await recoverAddress({ hash: digest, signature })).toBe(account.address);
  const bytes = hexToBytes(signature);
  expect(bytes).toHaveLength(65);
  expect([27, 28]).toContain(bytes[64]);
  const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact');
  expect(parsed.hasHighS()).toBe(false);
  const publicKey = parsed.addRecoveryBit((bytes[64] as number) - 27).recoverPublicKey(hexToBytes(digest));
  const address = keccak256(publicKey.toBytes(false).subarray(1)).slice(-40);
  expect(address).toBe(account.address.slice(2).toLowerCase());
  const isValid = secp256k1.verify(bytes.subarray(0, 64), hexToBytes(digest), publicKey.toBytes(), {
    prehash: false,
    lowS: true,
  });
  expect(isValid).toBe(true);
}

describe('signHash', () => {
  it('signs digests with low s and v 27 or 28, both of which occur', async () => {
    const parities = new Set<string>();
    for (let index = 0; index < 16; index += 1) {
      const digest = keccak256(Uint8Array.of(index));
      const { signature } = await cdp.evm.signHash({ address: account.address, hash: digest });
      await expectSigned(digest, signature);
      parities.add(signature.slice(-2));
    }
    expect([...parities].sort()).toEqual(['1b', '1c']);
  });

  it('signs the same digest with the same bytes (RFC 6979)', async () => {
    const digest = keccak256('0x0123');
    const sign = () => account.sign({ hash: digest });
    expect(await sign()).toBe(await sign());
  });

  it.each(['0x', `0x${'ab'.repeat(31)}`, `0x${'ab'.repeat(33)}`, 'ab'.repeat(32), `0x${'zz'.repeat(32)}`])(
    'refuses %s',
    async (hash) => {
      const call = cdp.evm.signHash({ address: account.address, hash: hash as Hex });
      await expect(call).rejects.toEqual(
        expect.objectContaining({ statusCode: 400, errorType: 'invalid_request' }),
      );
    },
  );
});

describe('signMessage', () => {
  it.each([
    'Hello, world!',
    '',
    '0x48656c6c6f',
    'é <&> " \\ \n \t \u0001 \u2028 😀',
    '\u0000',
    'x'.repeat(100_000),
  ])('signs a text as it is (%#)', async (message) => {
    const { signature } = await cdp.evm.signMessage({ address: account.address, message });
    await expectSigned(hashMessage(message), signature);
  });

  it('signs raw bytes by way of their hash', async () => {
    const message = { raw: '0x48656c6c6f' } as const;
    await expectSigned(hashMessage(message), await account.signMessage({ message }));
  });
});

describe('signTypedData', () => {
  it.each(Object.entries(TYPED_DATA))('%s', async (_case, typedData) => {
    const digest = hashTypedData(typedData as TypedDataDefinition);
    await expectSigned(digest, await account.signTypedData(typedData as TypedDataDefinition));
    const { domain = {}, types, primaryType, message = {} } = typedData as Required<TypedDataDefinition>;
    const { signature } = await cdp.evm.signTypedData({
      address: account.address,
      domain: domain as never,
      types: types as never,
      primaryType: primaryType as string,
      message: message as never,
    });
    await expectSigned(digest, signature);
  });

  it.each([
    ['a number out of its range', { types: { A: [{ name: 'x', type: 'uint8' }] }, message: { x: '256' } }],
    ['a missing field', { types: { A: [{ name: 'x', type: 'uint8' }] }, message: {} }],
    ['an unknown type', { types: { A: [{ name: 'x', type: 'Unknown' }] }, message: { x: {} } }],
    [
      'an array that is too short',
      { types: { A: [{ name: 'x', type: 'bool[2]' }] }, message: { x: [true] } },
    ],
    ['bytes of another length', { types: { A: [{ name: 'x', type: 'bytes4' }] }, message: { x: '0x0102' } }],
  ])('refuses %s', async (_case, { types, message }) => {
    const call = cdp.evm.signTypedData({
      address: account.address,
      domain: {},
      types: types as never,
      primaryType: 'A',
      message: message as never,
    });
    await expect(call).rejects.toEqual(
      expect.objectContaining({ statusCode: 400, errorType: 'invalid_request' }),
    );
  });
});

const to = '0x4252e0c9A3da5A2700e7d91cb50aEf522D0C6Fe8' as const;
const accessList = [{ address: to, storageKeys: [keccak256('0x01'), keccak256('0x02')] }];
const fees = { maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1n, gas: 21_000n };

/** An account in another wallet that lets its code be set, so that the authorization in a 7702 transaction is real. */
const delegator = privateKeyToAccount(keccak256('0x7702'));
const authorization = () => delegator.signAuthorization({ contractAddress: to, chainId: 1, nonce: 3 });

const TRANSACTIONS: Readonly<Record<string, () => Promise<TransactionSerializable>>> = {
  'EIP-1559': async () => ({ type: 'eip1559', chainId: 8453, to, value: 10n ** 18n, nonce: 7, ...fees }),
  'EIP-1559 with the largest numbers and data': async () => ({
    type: 'eip1559',
    chainId: Number.MAX_SAFE_INTEGER,
    to,
    value: 2n ** 256n - 1n,
    nonce: 2 ** 32,
    data: `0x${'5a'.repeat(20_000)}`,
    accessList,
    ...fees,
  }),
  'EIP-1559 that creates a contract': async () => ({
    type: 'eip1559',
    chainId: 1,
    data: '0x6001600055',
    ...fees,
  }),
  'EIP-2930': async () => ({ type: 'eip2930', chainId: 10, to, gasPrice: 9n, gas: 50_000n, accessList }),
  'legacy with EIP-155': async () => ({ type: 'legacy', chainId: 137, to, gasPrice: 9n, gas: 21_000n }),
  'legacy before EIP-155': async () => ({ type: 'legacy', to, gasPrice: 9n, gas: 21_000n, nonce: 1 }),
  'EIP-7702': async () => ({
    type: 'eip7702',
    chainId: 1,
    to,
    authorizationList: [await authorization()],
    ...fees,
  }),
};

describe('signTransaction', () => {
  it.each(Object.entries(TRANSACTIONS))('%s, by a viem account over the SDK', async (_case, make) => {
    const transaction = await make();
    const local = toAccount(account);
    const signed = await local.signTransaction(transaction);
    await expectTransactionSigned(signed, transaction);
    const { signature } = await cdp.evm.signTransaction({
      address: account.address,
      transaction: serializeTransaction(transaction),
    });
    expect(signature).toBe(signed);
  });

  it('leaves the authorization of a 7702 transaction its signer', async () => {
    const signed = await account.signTransaction(await (TRANSACTIONS['EIP-7702'] as () => Promise<never>)());
    const { authorizationList } = parseTransaction(signed as TransactionSerializedEIP7702);
    const [authorization] = authorizationList as SignedAuthorizationList;
    const signer = await recoverAuthorizationAddress({ authorization: authorization as SignedAuthorization });
    expect(signer).toBe(delegator.address);
  });

  it.each(['0x', '0x02', '0x02c0', '0x01', '0xc0', '0x7f01', '0x05c0', `0x02${'ff'.repeat(40)}`])(
    'refuses the bytes %s',
    async (transaction) => {
      const call = cdp.evm.signTransaction({ address: account.address, transaction: transaction as Hex });
      await expect(call).rejects.toEqual(
        expect.objectContaining({ statusCode: 400, errorType: 'malformed_transaction' }),
      );
    },
  );
});

async function expectTransactionSigned(signed: Hex, transaction: TransactionSerializable): Promise<void> {
  expect(await recoverTransactionAddress({ serializedTransaction: signed as never })).toBe(account.address);
  const { r, s, v, yParity, ...rest } = parseTransaction(signed) as Record<string, unknown>;
  expect(BigInt(s as Hex)).toBeLessThanOrEqual(secp256k1.Point.CURVE().n / 2n);
  // What was signed is, without the signature, byte for byte what was asked for.
  expect(serializeTransaction(rest as TransactionSerializable)).toBe(serializeTransaction(transaction));
}

describe('a viem account over the SDK', () => {
  it('signs messages, typed data and hashes', async () => {
    const local = toAccount(account);
    expect(local.address).toBe(account.address);
    await expectSigned(hashMessage('from viem'), await local.signMessage({ message: 'from viem' }));
    await expectSigned(
      keccak256('0x'),
      await (local.sign as NonNullable<typeof local.sign>)({ hash: keccak256('0x') }),
    );
    const typedData = TYPED_DATA['nested structs and arrays'] as TypedDataDefinition;
    await expectSigned(hashTypedData(typedData), await local.signTypedData(typedData));
  });
});
