import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesContent } from '../../eif/cpio.ts';
import { EifError } from '../../eif/eif-error.ts';
import { encodeSignatureSection, verifySignatureSection } from '../../eif/eif-signature.ts';
import { readEif } from '../../eif/read-eif.ts';
import { DETERMINISTIC_METADATA, type EifParts, writeEif } from '../../eif/write-eif.ts';

const vectors = new URL('../../../vectors/eif/', import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'eif-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

async function codeOf(call: () => Promise<unknown> | unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof EifError) return error.code;
    throw error;
  }
  return 'accepted';
}

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

describe('signatures', () => {
  const PCR0 = 'ab'.repeat(48);
  const signer = (curve: string, name: string): { pem: Buffer; key: KeyObject } => {
    const [keyPath, certificatePath] = [at(`${name}.key`), at(`${name}.pem`)];
    const options = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      `ec_paramgen_curve:${curve}`,
      '-nodes',
      '-subj',
      `/CN=${name}`,
    ];
    execFileSync('openssl', [...options, '-keyout', keyPath, '-out', certificatePath], { stdio: 'ignore' });
    return { pem: readFileSync(certificatePath), key: createPrivateKey(readFileSync(keyPath)) };
  };
  const a = signer('P-384', 'a');

  it('are written as nitro-cli writes them', () => {
    // From the tests of aws-nitro-enclaves-image-format, src/utils/cbor.rs: PcrInfo { 0, 0x00..=0x2f } of version 0.8.0.
    const payload =
      'a26e72656769737465725f696e646578006e72656769737465725f76616c75659830000102030405060708090a0b0c0d0e0f101112131415161718181819181a181b181c181d181e181f1820182118221823182418251826182718281829182a182b182c182d182e182f';
    const pcr0 = Buffer.from(Uint8Array.from({ length: 48 }, (_, index) => index)).toString('hex');
    const section = encodeSignatureSection(pcr0, a.pem, a.key);
    // Each byte of the COSE_Sign1 is an integer of its own in the section.
    const expected = [...Buffer.from(payload, 'hex')].map((byte) => (byte < 24 ? [byte] : [24, byte]));
    expect(section.includes(Buffer.from(expected.flat()))).toBe(true);
    const prefix = '81a2737369676e696e675f6365727469666963617465';
    expect(section.toString('hex', 0, prefix.length / 2)).toBe(prefix);
  });

  for (const curve of ['P-256', 'P-384', 'P-521']) {
    it(`verify by reconstruction with ${curve}`, async () => {
      const { pem, key } = signer(curve, `signer-${curve}`);
      const { pcrs } = await readEif(new URL('two-ramdisks.eif', vectors).pathname);
      const section = encodeSignatureSection(pcrs.pcr0, pem, key);
      const path = changed((bytes) => withSection(bytes, section));
      const description = await readEif(path);
      expect(description.signature?.subject).toBe(`CN=signer-${curve}`);
      const der = new X509Certificate(pem).raw;
      const hash = createHash('sha384').update(der).digest();
      expect(description.pcrs.pcr8).toBe(
        createHash('sha384').update(Buffer.alloc(48)).update(hash).digest('hex'),
      );
      expect({ ...description.pcrs, pcr8: null }).toEqual(pcrs);
    });
  }

  it('are refused when they are of another image, altered or of another key', async () => {
    const section = encodeSignatureSection(PCR0, a.pem, a.key);
    expect(await codeOf(() => verifySignatureSection(section, PCR0))).toBe('accepted');
    expect(await codeOf(() => verifySignatureSection(section, 'cd'.repeat(48)))).toBe('EIF_SIGNATURE_FORMAT');
    expect(await codeOf(() => verifySignatureSection(Buffer.concat([section, Buffer.of(0)]), PCR0))).toBe(
      'EIF_SIGNATURE_FORMAT',
    );
    const other = encodeSignatureSection(PCR0, a.pem, signer('P-384', 'b').key);
    expect(await codeOf(() => verifySignatureSection(other, PCR0))).toBe('EIF_SIGNATURE_INVALID');
    const noPem = Buffer.from(section);
    noPem[26] = 0x17;
    expect(await codeOf(() => verifySignatureSection(noPem, PCR0))).toBe('EIF_SIGNATURE_CERTIFICATE');
    const der = new X509Certificate(a.pem).raw;
    for (let offset = 0; offset < section.length; offset += 1) {
      const flipped = Buffer.from(section);
      flipped[offset] = flipped[offset]! ^ 1;
      // The certificate is not what is signed: another one with the same key shows in PCR8.
      const verdict = await codeOf(() => {
        const { certificateDer } = verifySignatureSection(flipped, PCR0);
        if (Buffer.compare(certificateDer, der) !== 0) throw new EifError('EIF_SIGNATURE_CERTIFICATE');
      });
      expect([offset, verdict]).not.toEqual([offset, 'accepted']);
    }
  });

  function withSection(bytes: Buffer, section: Buffer): Buffer {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(4, 0);
    head.writeBigUInt64BE(BigInt(section.length), 4);
    bytes.writeUInt16BE(6, 26);
    bytes.writeBigUInt64BE(BigInt(bytes.length), 28 + 8 * 5);
    bytes.writeBigUInt64BE(BigInt(section.length), 284 + 8 * 5);
    return Buffer.concat([bytes, head, section]);
  }
});
