import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveError } from '../../src/backup/archive-error.ts';
import {
  ARCHIVE_TYPE,
  type ArchiveBatch,
  type ArchivePart,
  encodeFrame,
  readParts,
} from '../../src/backup/archive-format.ts';

const TABLES = [
  { database: 'primary', table: 'account', columns: ['address', 'sealed', 'name'] },
  { database: 'vault', table: 'wallet_key', columns: ['vault_id', 'sealed'] },
] as const;

const value = fc.oneof(
  fc.nat(),
  fc.string({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Uint8Array.from(bytes)),
  fc.constant(null),
);
const batchesOf = (table: 0 | 1) => {
  const width = TABLES[table].columns.length;
  const row = fc.array(value, { minLength: width, maxLength: width });
  const batch = fc.array(row, { minLength: 1, maxLength: 4 }).map((rows): ArchiveBatch => ({ table, rows }));
  return fc.array(batch, { minLength: 1, maxLength: 3 });
};
/** Frames of a whole archive. */
const archive = fc.tuple(batchesOf(0), batchesOf(1)).map((batches) => {
  const header = {
    type: ARCHIVE_TYPE,
    storeId: new Uint8Array(16),
    primarySchema: 8,
    vaultSchema: 2,
    startedAtMs: 1,
    tables: TABLES.map((table) => ({ ...table, columns: [...table.columns] })),
  } as const;
  const rows = batches.map((own) => own.reduce((sum, batch) => sum + batch.rows.length, 0));
  const trailer = { rows, certificate: new Uint8Array(64).fill(7) };
  return [header, ...batches.flat(), trailer].map((item) => encodeFrame(item));
});

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]) {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** @returns the parts, or the code of the refusal */
async function read(bytes: Uint8Array, sizes: readonly number[] = [65_536]): Promise<ArchivePart[] | string> {
  try {
    const parts: ArchivePart[] = [];
    for await (const part of readParts(inChunks(bytes, sizes))) parts.push(part);
    return parts;
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
}

function trailerOf(parts: ArchivePart[] | string): Extract<ArchivePart, { kind: 'trailer' }> {
  const last = typeof parts === 'string' ? undefined : parts.at(-1);
  if (last?.kind !== 'trailer') throw new Error(`no trailer: ${String(parts)}`);
  return last;
}

/** What is signed for (digest and certificate) is not the same any more. */
function isAnother(parts: ArchivePart[], original: ArchivePart[]): boolean {
  const [own, known] = [trailerOf(parts), trailerOf(original)];
  return (
    Buffer.compare(own.contentDigest, known.contentDigest) !== 0 ||
    Buffer.compare(own.trailer.certificate, known.trailer.certificate) !== 0
  );
}

describe('an archive', () => {
  it('reads the same however its bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        archive,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        async (frames, sizes) => {
          const bytes = Buffer.concat(frames);
          const whole = await read(bytes);
          expect(whole).toHaveLength(frames.length);
          expect(Array.isArray(whole)).toBe(true);
          expect(await read(bytes, sizes)).toEqual(whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('altered anywhere is refused, or has another digest or certificate', async () => {
    await fc.assert(
      fc.asyncProperty(archive, fc.nat(), fc.integer({ min: 1, max: 255 }), async (frames, at, mask) => {
        const bytes = Buffer.concat(frames);
        const altered = Buffer.from(bytes);
        altered[at % bytes.length] = (altered[at % bytes.length] as number) ^ mask;
        const parts = await read(altered);
        if (typeof parts !== 'string')
          expect(isAnother(parts, (await read(bytes)) as ArchivePart[])).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('with a frame left out, doubled or in another place is refused, or has another digest', async () => {
    await fc.assert(
      fc.asyncProperty(
        archive,
        fc.nat(),
        fc.nat(),
        fc.constantFrom('drop', 'double', 'swap'),
        async (frames, i, j, how) => {
          const [a, b] = [i % frames.length, j % frames.length];
          const altered = [...frames];
          if (how === 'drop') altered.splice(a, 1);
          else if (how === 'double') altered.splice(b, 0, frames[a] as Uint8Array);
          else [altered[a], altered[b]] = [frames[b] as Uint8Array, frames[a] as Uint8Array];
          const isSame = Buffer.compare(Buffer.concat(altered), Buffer.concat(frames)) === 0;
          const parts = await read(Buffer.concat(altered));
          if (isSame || typeof parts === 'string') return;
          expect(isAnother(parts, (await read(Buffer.concat(frames))) as ArchivePart[])).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('cut short is refused', async () => {
    await fc.assert(
      fc.asyncProperty(archive, fc.nat(), async (frames, at) => {
        const bytes = Buffer.concat(frames);
        expect(await read(bytes.subarray(0, at % bytes.length))).toBe('ARCHIVE_MALFORMED');
      }),
      { numRuns: 300 },
    );
  });

  it('of junk is refused before more than a frame of it is held', async () => {
    const endless = async function* () {
      yield Uint8Array.of(0xff, 0xff, 0xff, 0xff);
      throw new Error('read on');
    };
    await expect(readParts(endless()).next()).rejects.toMatchObject({ code: 'ARCHIVE_MALFORMED' });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await read(bytes)).toBe('ARCHIVE_MALFORMED');
      }),
      { numRuns: 500 },
    );
  });
});
