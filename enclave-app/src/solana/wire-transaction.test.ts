import { describe, expect, it } from 'vitest';
import { isTransactionMessage } from './message.ts';
import { decodeWireTransaction, placeSignature } from './wire-transaction.ts';

const malformed = expect.objectContaining({ code: 'MALFORMED_TRANSACTION' });
const key = (fill: number) => Array<number>(32).fill(fill);

interface Parts {
  prefix?: number[];
  header?: number[];
  keys?: number[][];
  instructions?: number[][];
  tail?: number[];
}

/** A legacy message of two keys with one instruction, unless parts say otherwise. */
function messageOf({ prefix = [], header = [1, 0, 1], keys = [key(1), key(2)], ...rest }: Parts = {}) {
  const { instructions = [[1, 1, 0, 2, 7, 7]], tail = [] } = rest;
  const body = [...header, keys.length, ...keys.flat(), ...key(9), instructions.length];
  return Uint8Array.from([...prefix, ...body, ...instructions.flat(), ...tail]);
}

function transactionOf(message: Uint8Array, signatureCount = 0): Uint8Array {
  return Uint8Array.from([signatureCount, ...new Uint8Array(64 * signatureCount), ...message]);
}

describe('decodeWireTransaction', () => {
  it('reads a message with and without signature slots', () => {
    for (const count of [0, 1]) {
      const { signatures, message, messageBytes } = decodeWireTransaction(transactionOf(messageOf(), count));
      expect(signatures).toEqual([new Uint8Array(64)]);
      expect(messageBytes).toEqual(messageOf());
      expect(message.instructions).toEqual([
        { programIdIndex: 1, accountIndexes: Uint8Array.of(0), data: Uint8Array.of(7, 7) },
      ]);
    }
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['another number of signatures', transactionOf(messageOf(), 2)],
    ['a compact-u16 that is not minimal', Uint8Array.from([0x80, 0x00, ...messageOf()])],
    ['a compact-u16 beyond 16 bits', Uint8Array.from([0xff, 0xff, 0x04, ...messageOf()])],
    ['a trailing byte', transactionOf(messageOf({ tail: [0] }))],
    ['no signer', transactionOf(messageOf({ header: [0, 0, 1] }))],
    ['a read-only fee payer', transactionOf(messageOf({ header: [1, 1, 0] }))],
    ['more signers and read-only keys than keys', transactionOf(messageOf({ header: [1, 0, 2] }))],
    ['a program index beyond the keys', transactionOf(messageOf({ instructions: [[2, 0, 0]] }))],
    ['an account index beyond the keys', transactionOf(messageOf({ instructions: [[1, 1, 2, 0]] }))],
    ['data beyond the end', transactionOf(messageOf({ instructions: [[1, 0, 5, 1]] }))],
    ['a key twice', transactionOf(messageOf({ keys: [key(1), key(2), key(2)] }))],
    ['version 1', transactionOf(messageOf({ prefix: [0x81], tail: [0] }))],
    ['v0 without lookups', transactionOf(messageOf({ prefix: [0x80] }))],
    ['an empty lookup', transactionOf(messageOf({ prefix: [0x80], tail: [1, ...key(5), 0, 0] }))],
    [
      'a program from a lookup table',
      transactionOf(messageOf({ prefix: [0x80], instructions: [[2, 0, 0]], tail: [1, ...key(5), 1, 0, 0] })),
    ],
    [
      'more than a packet',
      transactionOf(messageOf({ instructions: [[1, 0, 0xd0, 0x09, ...Array(1232).fill(0)]] })),
    ],
  ])('refuses %s', (_name, bytes) => {
    expect(() => decodeWireTransaction(bytes)).toThrow(malformed);
  });

  it('takes the fee payer as program, as the transactions of CDP’s own tests have it', () => {
    const bytes = messageOf({ header: [1, 0, 0], keys: [key(1)], instructions: [[0, 1, 0, 4, 1, 2, 3, 4]] });
    const { message, signatures } = decodeWireTransaction(Uint8Array.from([0, ...bytes]));
    expect([message.instructions[0]?.programIdIndex, signatures.length]).toEqual([0, 1]);
  });

  it('reads lookups of v0', () => {
    const bytes = messageOf({
      prefix: [0x80],
      instructions: [[1, 2, 2, 3, 0]],
      tail: [1, ...key(5), 1, 40, 1, 41],
    });
    const { message } = decodeWireTransaction(transactionOf(bytes));
    expect(message.version).toBe(0);
    expect(message.addressTableLookups).toEqual([
      {
        tableAddress: Uint8Array.from(key(5)),
        writableIndexes: Uint8Array.of(40),
        readonlyIndexes: Uint8Array.of(41),
      },
    ]);
  });

  it('places no signature of a key that need not sign', () => {
    const transaction = decodeWireTransaction(transactionOf(messageOf()));
    expect(() => placeSignature(transaction, Uint8Array.from(key(2)), new Uint8Array(64))).toThrow(
      expect.objectContaining({ code: 'NOT_A_REQUIRED_SIGNER' }),
    );
  });

  it('keeps the signatures of others', () => {
    const bytes = transactionOf(messageOf({ header: [2, 0, 0] }), 2);
    bytes.fill(3, 65, 129);
    const signed = placeSignature(
      decodeWireTransaction(bytes),
      Uint8Array.from(key(1)),
      Uint8Array.from({ length: 64 }, () => 8),
    );
    expect(signed.signatures.map((signature) => signature[0])).toEqual([8, 3]);
  });
});

describe('isTransactionMessage', () => {
  it.each<[string, Uint8Array, boolean]>([
    ['a legacy message', messageOf(), true],
    ['a v0 message', messageOf({ prefix: [0x80], tail: [0] }), true],
    ['a message with a key twice', messageOf({ keys: [key(1), key(2), key(2)] }), true],
    ['a message with bytes behind it', messageOf({ tail: [1, 2] }), true],
    ['a version to come', Uint8Array.of(0x81, 1, 2), true],
    ['text', Buffer.from('Sign in to example.com'), false],
    ['nothing', new Uint8Array(0), false],
    ['text outside ASCII', Buffer.from('\u00e9t\u00e9'), false],
    ['an off-chain message', Buffer.from([0xff, ...Buffer.from('solana offchain')]), false],
  ])('%s: %s', (_name, bytes, expected) => {
    expect(isTransactionMessage(bytes)).toBe(expected);
  });
});
