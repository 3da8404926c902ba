import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decryptEnvelopedData } from '../../src/kms/enveloped-data.ts';
import { aes, answer, CEK, codeOf, IV, OWN, PLAINTEXT } from '../kms/kms-answer.ts';

describe('CiphertextForRecipient', () => {
  it('any bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => codeOf(bytes, OWN) === 'CMS_REFUSED'),
      { numRuns: 2000 },
    );
  });

  it('spliced pieces of an answer never give its plaintext', () => {
    const ber = answer();
    const piece = fc
      .tuple(fc.nat(ber.length), fc.nat(ber.length))
      .map(([a, b]) => ber.subarray(Math.min(a, b), Math.max(a, b)));
    const splice = fc
      .array(fc.oneof(piece, fc.uint8Array({ maxLength: 8 })), { maxLength: 4 })
      .map((pieces) => Buffer.concat(pieces));
    fc.assert(
      fc.property(splice, (bytes) => bytes.equals(ber) || !openedBytes(bytes)?.equals(PLAINTEXT)),
      { numRuns: 2000 },
    );
  });

  it('no flipped bit gives the plaintext; outside IV and content it is refused', () => {
    const ber = answer();
    const malleable = new Set([...rangeOf(ber, IV), ...rangeOf(ber, aes(CEK, PLAINTEXT))]);
    const outcomes = { refused: 0, garbled: 0 };
    for (let bit = 0; bit < ber.length * 8; bit++) {
      const flipped = Buffer.from(ber);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = openedBytes(flipped);
      expect(outcome === null || malleable.has(bit >> 3), `bit ${bit}`).toBe(true);
      if (outcome) expect(outcome.equals(PLAINTEXT), `bit ${bit}`).toBe(false);
      outcomes[outcome ? 'garbled' : 'refused']++;
    }
    // IV bits always give a plaintext with the same bit flipped: the limit that the documentation states.
    expect(outcomes.garbled).toBeGreaterThanOrEqual(128);
    expect(outcomes.refused + outcomes.garbled).toBe(ber.length * 8);
  });

  function openedBytes(ber: Uint8Array): Buffer | null {
    try {
      return Buffer.from(decryptEnvelopedData(ber, OWN));
    } catch (error) {
      expect((error as { code: string }).code).toBe('CMS_REFUSED');
      return null;
    }
  }

  function rangeOf(ber: Buffer, part: Uint8Array): number[] {
    const start = ber.indexOf(part);
    return Array.from(part, (_, index) => start + index);
  }
});
