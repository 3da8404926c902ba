import { bytesToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { EvmError } from './evm-error.ts';
import { encodeRlp, type RlpItem } from './rlp.ts';
import { decodeUnsignedTransaction } from './transaction.ts';

const none = new Uint8Array(0);
const byte = (value: number) => Uint8Array.of(value);
const filled = (length: number, value = 1) => new Uint8Array(length).fill(value);
const to = filled(20);

const eip1559 = {
  chainId: byte(1),
  nonce: none,
  tip: byte(1),
  cap: byte(2),
  gas: byte(9),
  to,
  value: none,
  data: none,
  accessList: [] as RlpItem,
};
const legacy = { nonce: none, gasPrice: byte(1), gas: byte(9), to, value: none, data: none };
const blob = { ...eip1559, maxFeePerBlobGas: byte(1), hashes: [filled(32)] as RlpItem };
const authorization: RlpItem = [none, to, none, none, byte(1), byte(1)];
const setCode = { ...eip1559, authorizationList: [authorization] as RlpItem };

const typed = (type: number, fields: object) => encodeRlp(Object.values(fields) as RlpItem[], type);

function outcome(bytes: Uint8Array): string {
  try {
    return decodeUnsignedTransaction(bytes).type;
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

describe('decodeUnsignedTransaction', () => {
  it.each<[string, Uint8Array]>([
    ['eip1559', typed(2, eip1559)],
    ['eip1559', typed(2, { ...eip1559, to: none })],
    ['eip1559', typed(2, { ...eip1559, nonce: filled(8, 255), gas: filled(8, 255), value: filled(32, 255) })],
    ['eip1559', typed(2, { ...eip1559, cap: none })],
    ['eip1559', typed(2, { ...eip1559, v: none, r: none, s: none })],
    ['eip4844', typed(3, blob)],
    ['eip7702', typed(4, setCode)],
    ['legacy', encodeRlp(Object.values(legacy))],
    ['legacy', encodeRlp([...Object.values(legacy), byte(1), none, none])],
  ])('accepts %s %#', (type, bytes) => expect(outcome(bytes)).toBe(type));

  it.each<[string, Uint8Array]>([
    ['nothing', none],
    ['a type byte alone', byte(2)],
    ['an unknown type', typed(5, eip1559)],
    ['type 0', typed(0, eip1559)],
    ['a string in place of the list', Uint8Array.of(2, 0x80)],
    ['trailing bytes', Uint8Array.of(...typed(2, eip1559), 0)],
    ['chain id 0', typed(2, { ...eip1559, chainId: none })],
    ['a chain id of 9 bytes', typed(2, { ...eip1559, chainId: filled(9) })],
    ['a leading zero', typed(2, { ...eip1559, nonce: Uint8Array.of(0, 1) })],
    ['zero as a byte', typed(2, { ...eip1559, nonce: byte(0) })],
    ['a nonce of 9 bytes', typed(2, { ...eip1559, nonce: filled(9) })],
    ['gas of 9 bytes', typed(2, { ...eip1559, gas: filled(9) })],
    ['a value of 33 bytes', typed(2, { ...eip1559, value: filled(33) })],
    ['a recipient of 19 bytes', typed(2, { ...eip1559, to: filled(19) })],
    ['a recipient of 32 bytes', typed(2, { ...eip1559, to: filled(32) })],
    ['a list as data', typed(2, { ...eip1559, data: [] })],
    ['a string as access list', typed(2, { ...eip1559, accessList: none })],
    ['an access list entry of one field', typed(2, { ...eip1559, accessList: [[to]] })],
    ['an access list entry of three fields', typed(2, { ...eip1559, accessList: [[to, [], []]] })],
    ['a storage key of 31 bytes', typed(2, { ...eip1559, accessList: [[to, [filled(31)]]] })],
    ['a tip above the cap', typed(2, { ...eip1559, tip: byte(3) })],
    ['a field too few', encodeRlp(Object.values(eip1559).slice(0, -1), 2)],
    ['one signature field', typed(2, { ...eip1559, v: none })],
    ['a signature', typed(2, { ...eip1559, v: none, r: filled(32), s: filled(32) })],
    ['a zero parity as a byte', typed(2, { ...eip1559, v: byte(0), r: none, s: none })],
    ['a blob transaction without recipient', typed(3, { ...blob, to: none })],
    ['a blob transaction without blob', typed(3, { ...blob, hashes: [] })],
    ['a blob hash of another version', typed(3, { ...blob, hashes: [filled(32, 2)] })],
    ['a blob transaction with sidecar', encodeRlp([Object.values(blob), [], [], []], 3)],
    ['a set-code transaction without recipient', typed(4, { ...setCode, to: none })],
    ['a set-code transaction without authorization', typed(4, { ...setCode, authorizationList: [] })],
    [
      'an authorization of five fields',
      typed(4, { ...setCode, authorizationList: [[none, to, none, none, none]] }),
    ],
    [
      'an authorization of no address',
      typed(4, { ...setCode, authorizationList: [[none, none, none, none, none, none]] }),
    ],
    ['a legacy transaction of 7 fields', encodeRlp([...Object.values(legacy), byte(1)])],
    ['a legacy transaction of chain id 0', encodeRlp([...Object.values(legacy), none, none, none])],
    ['a signed legacy transaction', encodeRlp([...Object.values(legacy), byte(27), filled(32), filled(32)])],
    ['an oversized transaction', typed(2, { ...eip1559, data: filled(131_072) })],
    ['a deep list', typed(2, { ...eip1559, data: [[[[[[[[]]]]]]]] })],
  ])('refuses %s', (_, bytes) => expect(outcome(bytes)).toBe('MALFORMED_TRANSACTION'));

  it('refuses every proper prefix', () => {
    for (const whole of [
      typed(2, eip1559),
      typed(3, blob),
      typed(4, setCode),
      encodeRlp(Object.values(legacy)),
    ]) {
      for (let length = 0; length < whole.length; length += 1) {
        expect(outcome(whole.subarray(0, length)), bytesToHex(whole)).toBe('MALFORMED_TRANSACTION');
      }
    }
  });
});
