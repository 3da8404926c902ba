import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARCHIVE_ERRORS, ArchiveError } from './archive-error.ts';
import { type ArchiveHeader, type ArchivePart, encodeFrame, readParts } from './archive-format.ts';

const header: ArchiveHeader = {
  type: 'strongroom/backup/v1',
  storeId: new Uint8Array(16).fill(3),
  primarySchema: 7,
  vaultSchema: 1,
  startedAtMs: 1_788_264_000_000,
  tables: [
    { database: 'primary', table: 'root_record', columns: ['id', 'record'] },
    { database: 'primary', table: 'outbox', columns: ['id', 'name', 'note'] },
    { database: 'vault', table: 'wallet_key', columns: ['vault_id', 'sealed'] },
  ],
};
const frames = [
  encodeFrame(header),
  encodeFrame({ table: 0, rows: [[1, Uint8Array.of(1, 2, 3)]] }),
  encodeFrame({ table: 2, rows: [[new Uint8Array(16), new Uint8Array(40).fill(9)]] }),
  encodeFrame({ table: 2, rows: [[new Uint8Array(16).fill(1), new Uint8Array(40).fill(8)]] }),
];
const trailer = encodeFrame({ rows: [1, 0, 2], certificate: Uint8Array.of(7, 7) });
const archive = Buffer.concat([...frames, trailer]);

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function partsOf(bytes: Uint8Array, size = 64 * 1024): Promise<ArchivePart[]> {
  const parts: ArchivePart[] = [];
  for await (const part of readParts(cut(bytes, size))) parts.push(part);
  return parts;
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The code of a refusal, or the digest and certificate of what was read to its end. */
async function outcomeOf(bytes: Uint8Array, size?: number): Promise<string> {
  try {
    const last = (await partsOf(bytes, size)).at(-1);
    if (last?.kind !== 'trailer') return 'without an end';
    return `${hexOf(last.contentDigest)} ${hexOf(last.trailer.certificate)}`;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    expect(ARCHIVE_ERRORS).toHaveProperty(error.code);
    return error.code;
  }
}

describe('the frames of an archive', () => {
  it('come back whole however the stream is cut', async () => {
    const whole = await partsOf(archive);
    expect(whole.map(({ kind }) => kind)).toEqual(['header', 'batch', 'batch', 'batch', 'trailer']);
    expect(whole[0]).toEqual({ kind: 'header', header });
    for (const size of [1, 3, 4, 5, 61]) expect(await partsOf(archive, size)).toEqual(whole);
  });

  it.each<[string, readonly Uint8Array[], string]>([
    ['nothing', [], 'ARCHIVE_MALFORMED'],
    ['a header alone', [encodeFrame(header)], 'ARCHIVE_MALFORMED'],
    ['no trailer', frames, 'ARCHIVE_MALFORMED'],
    ['two trailers', [...frames, trailer, trailer], 'ARCHIVE_MALFORMED'],
    ['a frame left out', [...frames.slice(0, 3), trailer], 'ARCHIVE_MALFORMED'],
    ['a frame twice', [...frames, frames[3] as Uint8Array, trailer], 'ARCHIVE_MALFORMED'],
    ['tables out of order', [...frames, encodeFrame({ table: 0, rows: [] }), trailer], 'ARCHIVE_MALFORMED'],
    [
      'a table that the header has not',
      [...frames, encodeFrame({ table: 3, rows: [] }), trailer],
      'ARCHIVE_MALFORMED',
    ],
    ['a row too short', [...frames, encodeFrame({ table: 2, rows: [[1]] }), trailer], 'ARCHIVE_MALFORMED'],
    ['a length of 4 GiB', [...frames, Uint8Array.of(255, 255, 255, 255)], 'ARCHIVE_MALFORMED'],
    ['an empty frame', [...frames, new Uint8Array(4), trailer], 'ARCHIVE_MALFORMED'],
    [
      'a later format',
      [encodeFrame({ ...header, type: 'strongroom/backup/v2' } as never), ...frames.slice(1), trailer],
      'ARCHIVE_NEWER',
    ],
    [
      'a table by a path',
      [
        encodeFrame({
          ...header,
          tables: [{ database: 'vault', table: '../wallet_key', columns: ['sealed'] }],
        }),
        trailer,
      ],
      'ARCHIVE_MALFORMED',
    ],
    [
      'a column that is a statement',
      [
        encodeFrame({
          ...header,
          tables: [{ database: 'vault', table: 'wallet_key', columns: ['sealed, 1) --'] }],
        }),
        trailer,
      ],
      'ARCHIVE_MALFORMED',
    ],
  ])('are refused with %s', async (_name, parts, code) => {
    expect(await outcomeOf(Buffer.concat(parts))).toBe(code);
  });

  it('altered in any way are refused by a code, or have another digest or certificate', async () => {
    const genuine = await outcomeOf(archive);
    const at = fc.nat(archive.length - 1);
    const mutation = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('cut' as const), at, length: fc.integer({ min: 1, max: 60 }) }),
      fc.record({
        kind: fc.constant('insert' as const),
        at,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
      }),
      fc.record({
        kind: fc.constant('copy' as const),
        at,
        from: at,
        length: fc.integer({ min: 1, max: 60 }),
      }),
    );
    type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;
    const mutated = (bytes: Buffer, m: Mutation): Buffer => {
      const [before, after] = [bytes.subarray(0, m.at), bytes.subarray(m.at)];
      if (m.kind === 'cut') return Buffer.concat([before, after.subarray(m.length)]);
      if (m.kind === 'insert') return Buffer.concat([before, m.bytes, after]);
      const copy = Buffer.from(bytes);
      if (m.kind === 'flip') copy[m.at] = (copy[m.at] ?? 0) ^ (1 << m.bit);
      else bytes.copy(copy, m.at, m.from % bytes.length, m.from + m.length);
      return copy;
    };
    const property = fc.asyncProperty(
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 200 }),
      async (mutations, size) => {
        const bytes = mutations.reduce(mutated, archive);
        fc.pre(!bytes.equals(archive));
        expect(await outcomeOf(bytes, size)).not.toBe(genuine);
      },
    );
    await fc.assert(property, { numRuns: 3000 });
  });

  it('of random bytes are refused by a code', async () => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const framed = Buffer.concat([Buffer.from([0, 0, 0, bytes.length & 0xff]), bytes]);
      for (const input of [bytes, framed, Buffer.concat([archive.subarray(0, 300), bytes])]) {
        expect(['ARCHIVE_MALFORMED', 'ARCHIVE_NEWER']).toContain(await outcomeOf(input));
      }
    });
    await fc.assert(property, { numRuns: 1500 });
  });

  it('without end take no more memory than some of them', async () => {
    const rows = Array.from({ length: 8000 }, () => [new Uint8Array(16), new Uint8Array(16)]);
    const batch = encodeFrame({ table: 2, rows });
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield encodeFrame(header);
      for (;;) yield batch;
    }
    let read = 0;
    let highest = 0;
    const before = process.memoryUsage();
    for await (const part of readParts(endless())) {
      read += part.kind === 'batch' ? batch.length : 0;
      // So that the collector's finalizers get their turn.
      if (read % (20 * batch.length) === 0) await sleep(0);
      const { heapUsed, external } = process.memoryUsage();
      highest = Math.max(highest, heapUsed + external - before.heapUsed - before.external);
      if (read > 15e6) break;
    }
    expect(highest).toBeLessThan(80e6);
  });
});
