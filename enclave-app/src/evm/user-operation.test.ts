// Against viem, which has its own encoders of everything here.
import fc from 'fast-check';
import { encodeAbiParameters, encodeFunctionData, type Hex, hexToBytes, parseAbi } from 'viem';
import { entryPoint06Address, getUserOperationHash } from 'viem/account-abstraction';
import { describe, expect, it } from 'vitest';
import { toHex } from './hex.ts';
import {
  encodeSmartWalletCalls,
  smartWalletAddress,
  smartWalletInitCode,
  wrapOwnerSignature,
} from './smart-wallet.ts';
import { userOperationHash } from './user-operation.ts';

const walletAbi = parseAbi([
  'function execute(address target, uint256 value, bytes data)',
  'function executeBatch((address target, uint256 value, bytes data)[] calls)',
  'function createAccount(bytes[] owners, uint256 nonce)',
]);
const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const amount = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const call = fc.record({ to: address, value: amount, data: bytes(100) });
const hex = (value: Uint8Array) => toHex(value) as Hex;

describe('a smart wallet', () => {
  it('has the address that the SDK and its factory know', () => {
    const owner = hexToBytes('0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf');
    const manager = hexToBytes('0xf85210B21cC50302F477BA56686d2019dC9b67Ad');
    expect(toHex(smartWalletAddress([owner, manager]))).toBe('0xf083256d678b1455da4d3628f37b78b503529680');
  });

  it('is deployed by the call of its factory', () => {
    fc.assert(
      fc.property(fc.array(address, { minLength: 1, maxLength: 2 }), (owners) => {
        const words = owners.map((owner) => `0x${'00'.repeat(12)}${hex(owner).slice(2)}` as Hex);
        const data = encodeFunctionData({ abi: walletAbi, functionName: 'createAccount', args: [words, 0n] });
        const initCode = hex(smartWalletInitCode(owners));
        expect(initCode.slice(42)).toBe(data.slice(2));
        expect(initCode.slice(0, 42)).toBe('0xba5ed110efdba3d005bfc882d75358acbbb85842');
      }),
    );
  });

  it('calls as the ABI has it', () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), (calls) => {
        const targets = calls.map(({ to, value, data }) => ({ target: hex(to), value, data: hex(data) }));
        const [first] = targets as [(typeof targets)[number]];
        const expected =
          targets.length === 1
            ? encodeFunctionData({
                abi: walletAbi,
                functionName: 'execute',
                args: [first.target, first.value, first.data],
              })
            : encodeFunctionData({ abi: walletAbi, functionName: 'executeBatch', args: [targets] });
        expect(hex(encodeSmartWalletCalls(calls))).toBe(expected);
      }),
    );
  });

  it('gets a signature with its owner', () => {
    const components = [
      { name: 'ownerIndex', type: 'uint8' },
      { name: 'signatureData', type: 'bytes' },
    ] as const;
    const signature = new Uint8Array(65).fill(0xa5);
    const expected = encodeAbiParameters(
      [{ type: 'tuple', components }],
      [{ ownerIndex: 1, signatureData: hex(signature) }],
    );
    expect(hex(wrapOwnerSignature(1, signature))).toBe(expected);
  });
});

it('the hash of a user operation is the EntryPoint’s', () => {
  const fields = {
    nonce: amount,
    callGasLimit: amount,
    verificationGasLimit: amount,
    preVerificationGas: amount,
  };
  const operation = fc.record({
    ...fields,
    maxFeePerGas: amount,
    maxPriorityFeePerGas: amount,
    sender: address,
    initCode: bytes(80),
    callData: bytes(80),
    paymasterAndData: bytes(80),
  });
  fc.assert(
    fc.property(operation, fc.integer({ min: 1, max: 2 ** 31 }), (made, chainId) => {
      const expected = getUserOperationHash({
        chainId,
        entryPointAddress: entryPoint06Address,
        entryPointVersion: '0.6',
        userOperation: {
          ...made,
          sender: hex(made.sender),
          initCode: hex(made.initCode),
          callData: hex(made.callData),
          paymasterAndData: hex(made.paymasterAndData),
          signature: '0x',
        },
      });
      expect(hex(userOperationHash(made, chainId))).toBe(expected);
    }),
  );
});
