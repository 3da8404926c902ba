import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { EifError } from '../../eif/eif-error.ts';
import { encodeSignatureSection, verifySignatureSection } from '../../eif/eif-signature.ts';
import { readEif } from '../../eif/read-eif.ts';
import { codeOf } from './eif-code-of.ts';

const vectors = new URL('../../../vectors/eif/', import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'eif-signature-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

/** A known image with this signature section behind its five others. */
function signed(section: Buffer): string {
  const bytes = readFileSync(new URL('two-ramdisks.eif', vectors));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(4, 0);
  head.writeBigUInt64BE(BigInt(section.length), 4);
  bytes.writeUInt16BE(6, 26);
  bytes.writeBigUInt64BE(BigInt(bytes.length), 28 + 8 * 5);
  bytes.writeBigUInt64BE(BigInt(section.length), 284 + 8 * 5);
  const image = Buffer.concat([bytes, head, section]);
  image.writeUInt32BE(crc32(image.subarray(548), crc32(image.subarray(0, 544))), 544);
  writeFileSync(at('signed.eif'), image);
  return at('signed.eif');
}

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
      const path = signed(section);
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
});
