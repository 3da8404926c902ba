import { expect } from 'vitest';
import { AttestationError } from '../../src/attestation-error.ts';
import { verifyAttestation } from '../../src/verify-attestation.ts';
import { realCases } from '../corpus.ts';

/** Web Crypto works on four threads; more in flight only keeps them from waiting. */
const IN_FLIGHT = 16;

const cases = await realCases();

/**
 * Flips bits of a real document, one at a time: each is refused, with a code, most by the signature.
 * @param stride every bit with 1; with an odd number, bits of every place in a byte
 */
export async function expectFlipsRefused(name: string, stride: number): Promise<void> {
  const entry = cases.find((candidate) => candidate.name === name);
  if (!entry) throw new Error('no such document');
  const { document, policy } = entry;
  await verifyAttestation(document, policy);
  const bits = document.length * 8;
  const flips = Math.ceil(bits / stride);
  const codes = new Map<string, number>();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < bits) {
      const bit = next;
      next += stride;
      const flipped = Uint8Array.from(document);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const code = await verifyAttestation(flipped, policy).then(
        () => `accepted with bit ${bit} flipped`,
        (error: unknown) => (error instanceof AttestationError ? error.code : String(error)),
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const counted = [...codes.values()].reduce((sum, count) => sum + count, 0);
  expect(counted).toBe(flips);
  expect([...codes.keys()].filter((code) => !/^[A-Z0-9]+(_[A-Z0-9]+)+$/.test(code))).toEqual([]);
  expect(codes.get('COSE_SIGNATURE_INVALID')).toBeGreaterThan(flips / 4);
}
