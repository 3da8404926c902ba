import { getUserOperationHash } from 'viem/account-abstraction';
import { decodeFunctionData, parseAbi } from 'viem/utils';
import { describe, expect, it } from 'vitest';
import { ENTRY_POINT, encodeCalls, initCodeOf, smartAccountAddress } from './contracts.ts';
import { type UserOperation, userOperationHash } from './user-operation.ts';

const OWNER = '0xfc807D1bE4997e5C7B33E4d8D57e60c5b0f02B1a';
const OWNERS = [
  '0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf',
  '0xf85210B21cC50302F477BA56686d2019dC9b67Ad',
] as const;
/** Version 1 of the contracts: same proxies, same salt. */
const VERSION_1 = {
  factory: '0x0BA5ED0c6AA8c49038F819E587E2633c4A9F428a',
  implementation: '0x000100abaad02f1cfC8Bbe32bD5a564817339E72',
} as const;

describe('smartAccountAddress', () => {
  // What getAddress of the deployed bytecode of the factory of version 1 (Base, 2024-04-22) answers on an EVM node.
  it.each([
    [[OWNER], '0x85D42BE927fBf9F32D19eCF1A86F1a9923449e18'],
    [OWNERS, '0x4163E64387e2c1B3CE694FDCc9ecaeA4752C96Bb'],
  ] as const)('is what the factory says of %s', (owners, address) => {
    expect(smartAccountAddress(owners, VERSION_1)).toBe(address);
  });

  it('is by default that of version 1.1, where the SDK looks for it', () => {
    expect(smartAccountAddress([OWNER])).toBe('0x52dB5Bc1779202591bd59E2BD94a001ECDF8F159');
    expect(smartAccountAddress(OWNERS)).toBe('0xF083256D678b1455DA4D3628f37B78B503529680');
  });

  it('depends on who owns it and in which order', () => {
    const [first, second] = OWNERS;
    expect(smartAccountAddress([second, first])).not.toBe(smartAccountAddress(OWNERS));
  });
});

describe('calldata', () => {
  const to = '0x00000000000000000000000000000000000000aa';
  const abi = parseAbi([
    'function execute(address target, uint256 value, bytes data)',
    'function executeBatch((address target, uint256 value, bytes data)[] calls)',
    'function createAccount(bytes[] owners, uint256 nonce)',
  ]);

  it('is one call or a batch', () => {
    const call = { to, value: 5n, data: '0x1234' } as const;
    const single = decodeFunctionData({ abi, data: encodeCalls([call]) });
    expect(single).toMatchObject({ functionName: 'execute', args: [expect.any(String), 5n, '0x1234'] });
    const batch = decodeFunctionData({ abi, data: encodeCalls([call, call]) });
    expect(batch.functionName).toBe('executeBatch');
    expect(batch.args[0]).toHaveLength(2);
  });

  it('makes the factory of the SDK deploy the account', () => {
    const initCode = initCodeOf([OWNER]);
    expect(initCode.slice(0, 42)).toBe('0xBA5ED110eFDBa3D005bfC882d75358ACBbB85842');
    const created = decodeFunctionData({ abi, data: `0x${initCode.slice(42)}` });
    expect(created).toMatchObject({ functionName: 'createAccount', args: [[expect.any(String)], 0n] });
  });
});

describe('userOperationHash', () => {
  it('is what viem computes for EntryPoint 0.6', () => {
    for (const initCode of ['0x', initCodeOf([OWNER])] as const) {
      const operation: UserOperation = {
        sender: smartAccountAddress([OWNER]),
        nonce: '0x3',
        initCode,
        callData: '0xb61d27f6',
        callGasLimit: '0x5208',
        verificationGasLimit: '0xffff',
        preVerificationGas: '0xc350',
        maxFeePerGas: '0x77359400',
        maxPriorityFeePerGas: '0x3b9aca00',
        paymasterAndData: '0x',
        signature: '0x',
      };
      const expected = getUserOperationHash({
        chainId: 84_532,
        entryPointAddress: ENTRY_POINT,
        entryPointVersion: '0.6',
        userOperation: {
          ...operation,
          nonce: 3n,
          callGasLimit: 0x5208n,
          verificationGasLimit: 0xffffn,
          preVerificationGas: 0xc350n,
          maxFeePerGas: 0x77359400n,
          maxPriorityFeePerGas: 0x3b9aca00n,
        },
      });
      expect(userOperationHash(operation, 84_532)).toBe(expected);
    }
  });
});
