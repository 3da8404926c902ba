import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ArchiveError } from './archive-error.ts';
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

async function partsOf(bytes: Uint8Array): Promise<ArchivePart[]> {
  const parts: ArchivePart[] = [];
  for await (const part of readParts(Readable.from([bytes]))) parts.push(part);
  return parts;
}

async function outcomeOf(bytes: Uint8Array): Promise<string> {
  try {
    await partsOf(bytes);
    return 'read';
  } catch (error) {
    return error instanceof ArchiveError ? error.code : String(error);
  }
}

describe('the frames of an archive', () => {
  it('come back', async () => {
    const whole = await partsOf(archive);
    expect(whole.map(({ kind }) => kind)).toEqual(['header', 'batch', 'batch', 'batch', 'trailer']);
    expect(whole[0]).toEqual({ kind: 'header', header });
  });

  it('have whatever a column can have, and are not written larger than they are read', async () => {
    const large = new Uint8Array(6 * 2 ** 20).fill(1);
    const rows = [
      [new Uint8Array(0), ''],
      [0, Number.MAX_SAFE_INTEGER],
      [null, 'ä€😀'],
      [large, 'x'.repeat(2 ** 20)],
    ];
    const content = [encodeFrame(header), encodeFrame({ table: 2, rows })];
    const last = encodeFrame({ rows: [0, 0, 4], certificate: Uint8Array.of(7) });
    const [, batch] = await partsOf(Buffer.concat([...content, last]));
    if (batch?.kind !== 'batch') throw new Error('no batch');
    expect(batch.rows.slice(0, 3)).toEqual(rows.slice(0, 3));
    expect(Buffer.compare(batch.rows[3]?.[0] as Uint8Array, large)).toBe(0);
    const tooLarge = { table: 2, rows: [[new Uint8Array(16 * 2 ** 20), null]] };
    expect(() => encodeFrame(tooLarge)).toThrow(expect.objectContaining({ code: 'BACKUP_ROW_TOO_LARGE' }));
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

  it('without end are held one at a time', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const rows = Array.from({ length: 8000 }, () => [new Uint8Array(16), new Uint8Array(16)]);
    const batch = encodeFrame({ table: 2, rows });
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield encodeFrame(header);
      for (;;) yield batch;
    }
    const held: number[] = [];
    let read = 0;
    for await (const _part of readParts(endless())) {
      read += 1;
      if (read % 10 !== 0) continue;
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      held.push(heapUsed + arrayBuffers);
      if (held.length === 5) break;
    }
    // Thirty frames later.
    expect((held[4] ?? 0) - (held[1] ?? 0)).toBeLessThan(10 * batch.length);
  });
});
