import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesContent } from '../../eif/cpio.ts';
import { readEif } from '../../eif/read-eif.ts';
import { DETERMINISTIC_METADATA, type EifParts, writeEif } from '../../eif/write-eif.ts';
import { codeOf } from './eif-code-of.ts';

const vectors = new URL('../../../vectors/eif/', import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'eif-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

const REFUSED: Readonly<Record<string, string>> = {
  'bad-crc': 'EIF_CRC',
  trailing: 'EIF_TRAILING_BYTES',
  truncated: 'EIF_TRUNCATED',
};

describe('known images', () => {
  for (const file of readdirSync(vectors).filter((name) => name.endsWith('.eif'))) {
    const { name, note, pcrs, sha256 } = JSON.parse(
      readFileSync(new URL(file.replace('.eif', '.json'), vectors), 'utf8'),
    );
    const path = new URL(file, vectors).pathname;

    it(`${name}: ${note}`, async () => {
      expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
      if (pcrs === null) return expect(await codeOf(() => readEif(path))).toBe(REFUSED[name]);
      const measured = (await readEif(path)).pcrs;
      expect({ PCR0: measured.pcr0, PCR1: measured.pcr1, PCR2: measured.pcr2 }).toEqual(pcrs);
      expect(measured.pcr8).toBe(null);
    });
  }
});

const base = readFileSync(new URL('two-ramdisks.eif', vectors));
const PLACES = [548, 1160, 1221, 1471, 1883];

/** Changes bytes and sets the checksum right again, so that it is not what finds the change. */
function changed(change: (bytes: Buffer) => Buffer | undefined): string {
  const copy = Buffer.from(base);
  const bytes = change(copy) ?? copy;
  if (bytes.length >= 548)
    bytes.writeUInt32BE(crc32(bytes.subarray(548), crc32(bytes.subarray(0, 544))), 544);
  const path = at('changed.eif');
  writeFileSync(path, bytes);
  return path;
}

/** Sections as they would stand in a file, with a header that agrees. */
function assembled(sections: readonly (readonly [type: number, content: string])[]): string {
  return changed((bytes) => {
    const header = Buffer.alloc(548);
    bytes.copy(header, 0, 0, 26);
    header.writeUInt16BE(sections.length, 26);
    let offset = 548;
    const parts = sections.map(([type, content], index) => {
      header.writeBigUInt64BE(BigInt(offset), 28 + 8 * index);
      header.writeBigUInt64BE(BigInt(content.length), 284 + 8 * index);
      const head = Buffer.alloc(12);
      head.writeUInt16BE(type, 0);
      head.writeBigUInt64BE(BigInt(content.length), 4);
      offset += 12 + content.length;
      return Buffer.concat([head, Buffer.from(content)]);
    });
    return Buffer.concat([header, ...parts]);
  });
}

const K = [1, 'kernel'] as const;
const C = [2, 'cmdline'] as const;
const R = [3, 'ramdisk'] as const;
const M = [5, '{"a":1}'] as const;

describe('an image that is not well-formed', () => {
  const cases: Readonly<Record<string, readonly [code: string, path: () => string]>> = {
    'is empty': ['EIF_TRUNCATED', () => changed(() => Buffer.alloc(0))],
    'ends in its header': ['EIF_TRUNCATED', () => changed((bytes) => bytes.subarray(0, 547))],
    'has another magic': ['EIF_MAGIC', () => changed((bytes) => void bytes.write('.elf'))],
    'is of version 3': ['EIF_VERSION', () => changed((bytes) => void bytes.writeUInt16BE(3, 4))],
    'is of version 5': ['EIF_VERSION', () => changed((bytes) => void bytes.writeUInt16BE(5, 4))],
    'has an unknown flag': ['EIF_FLAGS', () => changed((bytes) => void bytes.writeUInt16BE(2, 6))],
    'has a reserved field set': ['EIF_RESERVED', () => changed((bytes) => void bytes.writeUInt16BE(1, 24))],
    'has the unused field set': ['EIF_RESERVED', () => changed((bytes) => void bytes.writeUInt32BE(1, 540))],
    'has an entry beyond its sections': [
      'EIF_RESERVED',
      () => changed((bytes) => void bytes.writeBigUInt64BE(548n, 28 + 8 * 31)),
    ],
    'has no sections': ['EIF_SECTION_COUNT', () => changed((bytes) => void bytes.writeUInt16BE(0, 26))],
    'has 33 sections': ['EIF_SECTION_COUNT', () => changed((bytes) => void bytes.writeUInt16BE(33, 26))],
    'counts a section too few': ['EIF_RESERVED', () => changed((bytes) => void bytes.writeUInt16BE(4, 26))],
    'counts a section too many': [
      'EIF_SECTION_OFFSET',
      () => changed((bytes) => void bytes.writeUInt16BE(6, 26)),
    ],
    'has sections that overlap': [
      'EIF_SECTION_OFFSET',
      () => changed((bytes) => void bytes.writeBigUInt64BE(1000n, 36)),
    ],
    'has a section behind 2^53': [
      'EIF_SECTION_SIZE',
      () => changed((bytes) => void bytes.writeBigUInt64BE(1n << 60n, 284)),
    ],
    'has a section larger than the file': [
      'EIF_TRUNCATED',
      () => changed((bytes) => void bytes.writeBigUInt64BE(10_000n, 284 + 8 * 4)),
    ],
    'gives two sizes for a section': [
      'EIF_SECTION_SIZE',
      () => changed((bytes) => void bytes.writeBigUInt64BE(1n, PLACES[0]! + 4)),
    ],
    'has flags on a section': [
      'EIF_SECTION_FLAGS',
      () => changed((bytes) => void bytes.writeUInt16BE(1, PLACES[0]! + 2)),
    ],
    'has a section of type 0': [
      'EIF_SECTION_TYPE',
      () => changed((bytes) => void bytes.writeUInt16BE(0, PLACES[4]!)),
    ],
    'has a section of type 6': [
      'EIF_SECTION_TYPE',
      () => changed((bytes) => void bytes.writeUInt16BE(6, PLACES[4]!)),
    ],
    'has two kernels': ['EIF_SECTION_DUPLICATE', () => assembled([K, K, C, R])],
    'has two command lines': ['EIF_SECTION_DUPLICATE', () => assembled([K, C, C, R])],
    'has metadata twice': ['EIF_SECTION_DUPLICATE', () => assembled([K, C, M, M, R])],
    'has a second kernel at the end': ['EIF_SECTION_DUPLICATE', () => assembled([K, C, R, K])],
    'has the command line first': ['EIF_SECTION_ORDER', () => assembled([C, K, R])],
    'has metadata after a ramdisk': ['EIF_SECTION_ORDER', () => assembled([K, C, R, M])],
    'has no kernel': ['EIF_SECTION_MISSING', () => assembled([C, R])],
    'has no command line': ['EIF_SECTION_MISSING', () => assembled([K, R])],
    'has no ramdisk': ['EIF_SECTION_MISSING', () => assembled([K, C, M])],
    'has an empty ramdisk': ['EIF_SECTION_SIZE', () => assembled([K, C, R, [3, '']])],
    'has a zero byte in its command line': ['EIF_COMMAND_LINE', () => assembled([K, [2, 'a\0b'], R])],
    'has metadata that is no JSON': ['EIF_METADATA', () => assembled([K, C, [5, '{'], R])],
    'has metadata that is no object': ['EIF_METADATA', () => assembled([K, C, [5, '[]'], R])],
    'is signed by nonsense': ['EIF_SIGNATURE_FORMAT', () => assembled([K, C, R, [4, 'signature']])],
    'is a directory': ['EIF_UNREADABLE', () => at('nowhere')],
  };
  for (const [title, [code, path]] of Object.entries(cases))
    it(`${title}: ${code}`, async () => expect(await codeOf(() => readEif(path()))).toBe(code));

  it('is found with any byte changed', async () => {
    const path = at('one-byte.eif');
    for (let offset = 0; offset < base.length; offset += 1) {
      const copy = Buffer.from(base);
      copy[offset] = copy[offset]! ^ 0x10;
      writeFileSync(path, copy);
      expect([offset, await codeOf(() => readEif(path))]).not.toEqual([offset, 'accepted']);
    }
  });
});

describe('writing', () => {
  const parts = (change: Partial<EifParts> = {}): EifParts => ({
    architecture: 'x86_64',
    kernel: bytesContent(Buffer.from('kernel')),
    commandLine: 'reboot=k',
    ramdisks: [bytesContent(Buffer.from('boot')), bytesContent(Buffer.from('application'))],
    metadata: DETERMINISTIC_METADATA,
    ...change,
  });

  it('gives what is then read, the same bytes each time', async () => {
    const pcrs = await writeEif(at('a.eif'), parts());
    await writeEif(at('b.eif'), parts());
    expect(readFileSync(at('a.eif')).equals(readFileSync(at('b.eif')))).toBe(true);
    const description = await readEif(at('a.eif'));
    expect(description.pcrs).toEqual(pcrs);
    expect(description).toMatchObject({
      commandLine: 'reboot=k',
      architecture: 'x86_64',
      unattestedMetadata: DETERMINISTIC_METADATA,
    });
    await writeEif(at('c.eif'), parts({ architecture: 'arm64' }));
    expect((await readEif(at('c.eif'))).architecture).toBe('arm64');
    expect(readdirSync(directory).filter((name) => name.endsWith('.unfinished'))).toEqual([]);
  });

  it('refuses parts that make no image, and leaves nothing behind', async () => {
    const write = (change: Partial<EifParts>) => codeOf(() => writeEif(at('none.eif'), parts(change)));
    expect(await write({ commandLine: 'a\0' })).toBe('EIF_COMMAND_LINE');
    expect(await write({ kernel: bytesContent(new Uint8Array(0)) })).toBe('EIF_INPUT');
    expect(await write({ ramdisks: [] })).toBe('EIF_INPUT');
    expect(await write({ ramdisks: Array.from({ length: 30 }, () => bytesContent(Buffer.from('r'))) })).toBe(
      'EIF_SECTION_COUNT',
    );
    expect(readdirSync(directory).filter((name) => name.startsWith('none'))).toEqual([]);
  });
});
