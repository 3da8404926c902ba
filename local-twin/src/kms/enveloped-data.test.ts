import { Buffer } from 'node:buffer';
import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as pkijs from 'pkijs';
import { describe, expect, it } from 'vitest';
import { decryptEnvelopedData, parseEnvelopedData } from '../../../enclave-app/src/kms/enveloped-data.ts';
import { encryptForRecipient } from './enveloped-data.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKeySpki = publicKey.export({ type: 'spki', format: 'der' });
const FORMS = ['chunked', 'primitive'] as const;
const SIZES = [1, 32, 984, 1000, 4096];
const cases = FORMS.flatMap((form) => SIZES.map((size) => [form, size] as const));

async function decryptByPkijs(ber: Uint8Array): Promise<Uint8Array> {
  pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto as never }));
  const contentInfo = pkijs.ContentInfo.fromBER(Uint8Array.from(ber).buffer);
  const envelopedData = new pkijs.EnvelopedData({ schema: contentInfo.content });
  const recipientPrivateKey = privateKey.export({ type: 'pkcs8', format: 'der' });
  return new Uint8Array(await envelopedData.decrypt(0, { recipientPrivateKey }));
}

describe.each(cases)('%s, %i bytes', (form, size) => {
  const plaintext = Uint8Array.from(randomBytes(size));
  const ber = encryptForRecipient(publicKeySpki, plaintext, form);

  it("opens by the enclave's decoder", () => {
    expect(decryptEnvelopedData(ber, { privateKey, publicKeySpki })).toEqual(plaintext);
  });

  it('opens by pkijs', async () => {
    expect(await decryptByPkijs(ber)).toEqual(plaintext);
  });
});

describe('shape', () => {
  const real = (name: string) => readFileSync(new URL(`../../../vectors/cms/${name}.der`, import.meta.url));
  /** The bytes with what differs from answer to answer blanked. */
  const skeleton = (ber: Uint8Array) => {
    const { recipientId, encryptedKey, iv, ciphertext } = parseEnvelopedData(ber);
    const blanked = Buffer.from(ber).toString('hex');
    const parts = [
      recipientId,
      encryptedKey,
      iv,
      ...Array.from({ length: 5 }, (_, n) => ciphertext.subarray(n * 1000, n * 1000 + 1000)),
    ];
    return parts
      .filter((part) => part.length > 0)
      .reduce((text, part) => text.replace(Buffer.from(part).toString('hex'), '..'), blanked);
  };
  const pairs: readonly [string, number, (typeof FORMS)[number]][] = [
    ['nitrocontrol-1', 32, 'chunked'],
    ['sdkc-1', 32, 'chunked'],
    ['rustcrypto-kms-3', 12, 'primitive'],
    ['rustcrypto-kms-4', 4096, 'chunked'],
  ];
  it.each(pairs)('is that of %s, recorded from KMS', (name, size, form) => {
    const simulated = encryptForRecipient(publicKeySpki, randomBytes(size), form);
    expect(simulated).toHaveLength(real(name).length);
    expect(skeleton(simulated)).toBe(skeleton(real(name)));
  });
});
