import fc from 'fast-check';
import { type Hex, hexToBytes, keccak256, serializeTransaction, toRlp } from 'viem';
import { describe, expect, it } from 'vitest';
import { EvmError } from '../../src/evm/evm-error.ts';
import { toHex } from '../../src/evm/hex.ts';
import { decodeRlp, encodeRlp, type RlpItem } from '../../src/evm/rlp.ts';
import {
  decodeUnsignedTransaction,
  serializeSigned,
  serializeUnsigned,
  signingDigest,
} from '../../src/evm/transaction.ts';
import type { UnsignedTransaction } from '../../src/evm/unsigned-transaction.ts';
import { hex, ofType, types } from './evm-transaction-arbitraries.ts';

const signature = fc.record({ r: hex(32), s: hex(32), yParity: fc.constantFrom<0 | 1>(0, 1) });

/** Decodes as the enclave does, or gives the code of the refusal. */
function decoded(bytes: Uint8Array): UnsignedTransaction | string {
  try {
    return decodeUnsignedTransaction(bytes);
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

describe.each(types)('%s transactions', (type) => {
  it('hash and serialize as in viem', () => {
    fc.assert(
      fc.property(ofType[type], signature, (transaction, { r, s, yParity }) => {
        const unsigned = serializeTransaction(transaction);
        const ours = decodeUnsignedTransaction(hexToBytes(unsigned));
        expect(ours.type).toBe(type);
        expect(toHex(serializeUnsigned(ours))).toBe(unsigned);
        expect(toHex(signingDigest(ours))).toBe(keccak256(unsigned));
        const signed = serializeTransaction(transaction, { r, s, yParity, v: 27n + BigInt(yParity) });
        expect(toHex(serializeSigned(ours, { r: hexToBytes(r), s: hexToBytes(s), yParity }))).toBe(signed);
        expect(decoded(hexToBytes(signed))).toBe('MALFORMED_TRANSACTION');
      }),
      { numRuns: 2_000, seed: 7702 },
    );
  });

  it('decode to the fields that viem was given', () => {
    fc.assert(
      fc.property(ofType[type], (transaction) => {
        const ours = decodeUnsignedTransaction(hexToBytes(serializeTransaction(transaction)));
        const given = transaction as Record<string, unknown>;
        expect(ours.nonce).toBe(BigInt(given['nonce'] as number));
        expect(ours.gasLimit).toBe(given['gas']);
        expect(ours.value).toBe(given['value']);
        expect(ours.to === null ? undefined : toHex(ours.to)).toBe(given['to']);
        expect(toHex(ours.data)).toBe(given['data']);
        expect(ours.chainId).toBe(given['chainId'] === undefined ? null : BigInt(given['chainId'] as number));
        for (const fee of ['gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'maxFeePerBlobGas']) {
          expect((ours as unknown as Record<string, unknown>)[fee]).toBe(given[fee]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are signed as they were sent or refused, whatever byte is altered', () => {
    fc.assert(
      fc.property(
        ofType[type],
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(3),
        (transaction, where, flip, how) => {
          const bytes = hexToBytes(serializeTransaction(transaction));
          const at = where % bytes.length;
          let mutated = Uint8Array.from(bytes);
          if (how === 1) mutated = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]);
          else if (how === 2)
            mutated = Uint8Array.from([...bytes.subarray(0, at), flip, ...bytes.subarray(at)]);
          else mutated[at] = (mutated[at] as number) ^ flip;
          const outcome = decoded(mutated);
          if (typeof outcome === 'string') expect(outcome).toBe('MALFORMED_TRANSACTION');
          else expect(serializeUnsigned(outcome)).toEqual(mutated);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe.each(types.filter((type) => type !== 'legacy'))('%s transactions of the Python SDK', (type) => {
  it('sign the same with empty signature fields', () => {
    fc.assert(
      fc.property(ofType[type], (transaction) => {
        const unsigned = hexToBytes(serializeTransaction(transaction));
        const fields = decodeRlp(unsigned.subarray(1)) as readonly RlpItem[];
        const empty = new Uint8Array(0);
        const pythonForm = encodeRlp([...fields, empty, empty, empty], unsigned[0]);
        expect(signingDigest(decodeUnsignedTransaction(pythonForm))).toEqual(
          signingDigest(decodeUnsignedTransaction(unsigned)),
        );
        for (const tail of [
          [empty],
          [empty, empty],
          [empty, empty, Uint8Array.of(1)],
          [empty, empty, []],
          [empty, empty, empty, empty],
        ]) {
          expect(decoded(encodeRlp([...fields, ...tail], unsigned[0]))).toBe('MALFORMED_TRANSACTION');
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('RLP', () => {
  const tree = fc.letrec((tie) => ({
    item: fc.oneof(
      { maxDepth: 7, depthSize: 'medium' },
      hex(0, 70),
      fc.array(tie('item'), { maxLength: 70 }),
    ),
  })).item;
  const toItem = (value: unknown): RlpItem =>
    Array.isArray(value) ? value.map(toItem) : hexToBytes(value as Hex);

  it('encodes as viem and decodes what it encoded', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const item = toItem(value);
        expect(toHex(encodeRlp(item))).toBe(toRlp(value as Hex));
        expect(decodeRlp(encodeRlp(item))).toEqual(item);
      }),
    );
  });

  it('decodes random bytes to what encodes to the same bytes, or refuses them', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0x81, 0xb8, 0xc0, 0xc1, 0xc2, 0xf8)), {
          maxLength: 12,
        }),
        (array) => {
          const bytes = Uint8Array.from(array);
          let item: RlpItem;
          try {
            item = decodeRlp(bytes);
          } catch (error) {
            expect((error as EvmError).code).toBe('MALFORMED_RLP');
            return;
          }
          accepted += 1;
          expect(encodeRlp(item)).toEqual(bytes);
        },
      ),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
