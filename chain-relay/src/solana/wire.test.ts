import { base58 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSolanaTransaction } from './wire.ts';

const PLACEHOLDER = base58.decode('SysvarRecentB1ockHashes11111111111111111111');
const key = (byte: number) => Buffer.alloc(32, byte);
const SYSTEM = key(0);

interface Parts {
  readonly blockhash?: Uint8Array;
  readonly data?: Uint8Array;
  readonly prefix?: readonly number[];
  readonly slots?: number;
}

/** Two signers, one instruction of the system program. */
function transaction({
  blockhash = key(0),
  data = Uint8Array.of(2, 0, 0, 0),
  prefix = [],
  slots = 2,
}: Parts = {}) {
  return Buffer.concat([
    Uint8Array.of(slots),
    new Uint8Array(64 * slots),
    Uint8Array.of(...prefix, 2, 0, 1, 3),
    key(1),
    key(2),
    SYSTEM,
    blockhash,
    Uint8Array.of(1, 2, 1, 0, data.length),
    data,
    ...(prefix.length > 0 ? [Uint8Array.of(0)] : []),
  ]);
}

describe('readSolanaTransaction', () => {
  it.each([
    ['legacy', {}],
    ['v0', { prefix: [0x80] }],
    ['without slots', { slots: 0 }],
  ])('finds the signers of a %s transaction', (_name, parts) => {
    expect(readSolanaTransaction(transaction(parts))?.signers).toEqual([
      base58.encode(key(1)),
      base58.encode(key(2)),
    ]);
  });

  it('tells an open blockhash from a chosen one and from a durable nonce', () => {
    const read = (parts: Parts) => readSolanaTransaction(transaction(parts));
    expect(read({})).toMatchObject({ isBlockhashOpen: true, hasDurableNonce: false });
    expect(read({ blockhash: PLACEHOLDER })).toMatchObject({ isBlockhashOpen: true });
    expect(read({ blockhash: key(9) })).toMatchObject({
      isBlockhashOpen: false,
      blockhash: base58.encode(key(9)),
    });
    expect(read({ data: Uint8Array.of(4, 0, 0, 0) })).toMatchObject({
      isBlockhashOpen: false,
      hasDurableNonce: true,
    });
  });

  it('reads nothing into any other bytes', () => {
    const whole = transaction();
    for (let length = 0; length < 150; length += 1)
      expect(readSolanaTransaction(whole.subarray(0, length))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const wire = readSolanaTransaction(bytes);
        expect(wire === null || wire.signers.length <= 256).toBe(true);
      }),
    );
  });
});
