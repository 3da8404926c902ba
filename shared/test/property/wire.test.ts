import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CborValue, decodeCbor, encodeCbor } from '../../src/wire/cbor.ts';
import { decodeRequest, decodeResponse, encodeRequest } from '../../src/wire/envelope.ts';
import { encodeFrame, FrameReader } from '../../src/wire/frame.ts';
import { WireError } from '../../src/wire/wire-error.ts';

const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/);
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeNat(),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

/** Same values, byte strings compared as bytes. */
function plain(item: CborValue): unknown {
  return JSON.parse(
    JSON.stringify(item, (_k, v) =>
      v instanceof Uint8Array
        ? { bytes: Buffer.from(v).toString('hex') }
        : v?.type === 'Buffer'
          ? { bytes: Buffer.from(v.data).toString('hex') }
          : v,
    ),
  );
}

/** Small, fast and the same in every run. */
function seededBytes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
}

describe('wire properties', () => {
  it('decode(encode(x)) is x, and no two encodings decode alike', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = encodeCbor(original);
        const decoded = decodeCbor(bytes);
        expect(plain(decoded)).toEqual(plain(original));
        expect(Buffer.compare(encodeCbor(decoded), bytes)).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('what decodes encodes to the same bytes', () => {
    const sample = encodeRequest({
      id: 7,
      op: 'sign-evm-hash',
      body: { a: [1, 'x', new Uint8Array(40)], bb: { c: null, d: 70_000 } },
    });
    const next = seededBytes(1);
    let accepted = 0;
    for (let i = 0; i < 100_000; i++) {
      const mutant = Uint8Array.from(sample);
      for (let flips = 1 + (next() & 1); flips > 0; flips--) mutant[next() % mutant.length] = next();
      try {
        const decoded = decodeCbor(mutant);
        accepted++;
        expect(Buffer.compare(encodeCbor(decoded), mutant)).toBe(0);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }
    expect(accepted).toBeGreaterThan(1000);
  });

  it('a million random and mutated inputs give typed errors and no growth', { timeout: 120_000 }, () => {
    const sample = encodeRequest({
      id: 1,
      op: 'create-evm-account',
      body: { client: { method: 'POST', body: new Uint8Array(60) }, n: [[[{ a: 1 }]]] },
    });
    const next = seededBytes(42);
    const runs = Number(process.env['WIRE_FUZZ_RUNS'] ?? 1_000_000);
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < runs; i++) {
      const bytes = i % 2 === 0 ? Uint8Array.from(sample) : new Uint8Array(next() & 63);
      if (i % 2 === 0)
        for (let flips = 1 + (next() & 3); flips > 0; flips--) bytes[next() % bytes.length] = next();
      else for (let at = 0; at < bytes.length; at++) bytes[at] = next();
      try {
        if (i % 3 === 0) decodeResponse(bytes);
        else decodeRequest(bytes);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20);
  });

  it('any stream gives payloads or one typed error', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }),
        fc.uint8Array({ maxLength: 8 }),
        (payloads, tail) => {
          const reader = new FrameReader();
          const whole = payloads.filter((payload) => payload.length > 0);
          const out = [...reader.push(Buffer.concat(whole.map(encodeFrame)))];
          expect(out.map((p) => Buffer.from(p).toString('hex'))).toEqual(
            whole.map((p) => Buffer.from(p).toString('hex')),
          );
          try {
            [...reader.push(tail)];
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        },
      ),
    );
  });
});
