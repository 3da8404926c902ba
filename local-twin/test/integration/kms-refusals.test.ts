import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import {
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KmsCredential } from '../../src/kms/principal.ts';
import { openNsmPki } from '../../src/nsm/nsm-pki.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';
import {
  ACCOUNT,
  ADMIN,
  CONTEXT,
  KEY,
  KmsRig,
  keyPolicy,
  nameOfRefusal,
  OTHER_KEY,
  PARENT,
  PCRS,
  PUBLIC_KEY_SPKI,
  WEST_KEY,
} from './kms-rig.ts';

const rig = new KmsRig();
beforeAll(() => rig.open());
afterAll(() => rig.close());

it("are in KMS's words", async () => {
  const refusal = await rig.generateDataKey({ Recipient: undefined }).catch((error: Error) => error);
  const user = `arn:aws:sts::${ACCOUNT}:assumed-role/parent/ASIAPARENT`;
  expect(refusal).toMatchObject({
    name: 'AccessDeniedException',
    $metadata: { httpStatusCode: 400 },
    message: `User: ${user} is not authorized to perform: kms:GenerateDataKey on resource: ${KEY} with an explicit deny in a resource-based policy`,
  });
});

const EC_SPKI = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  type: 'spki',
  format: 'der',
});
const SHORT_RSA_SPKI = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
  type: 'spki',
  format: 'der',
});
const otherImage = startNsmSimulator({
  pki: rig.pki,
  measurements: { ...PCRS, pcr1: new Uint8Array(48).fill(1) },
});
const strangeRoot = startNsmSimulator({
  pki: openNsmPki(join(rig.directory, 'strange')),
  measurements: PCRS,
});
const yesterday = startNsmSimulator({ pki: rig.pki, measurements: PCRS, now: () => Date.now() - 86_400_000 });
const tenMinutesAgo = startNsmSimulator({
  pki: rig.pki,
  measurements: PCRS,
  now: () => Date.now() - 600_000,
});

function flipped(document: Uint8Array): Uint8Array {
  document[document.length - 1]! ^= 1;
  return document;
}
const decryptFor = (document: Uint8Array) => rig.decrypt({ Recipient: rig.recipient(document) });
const describeKey = (keyId: string, credential?: KmsCredential) =>
  rig.client(credential).send(new DescribeKeyCommand({ KeyId: keyId }));

const cases: readonly [string, () => Promise<unknown>, string][] = [
  [
    'GenerateDataKey without attestation',
    () => rig.generateDataKey({ Recipient: undefined }),
    'AccessDeniedException',
  ],
  ['Decrypt without attestation', () => rig.decrypt({ Recipient: undefined }), 'AccessDeniedException'],
  ['another image', () => decryptFor(rig.attest(PUBLIC_KEY_SPKI, otherImage)), 'AccessDeniedException'],
  [
    'Encrypt, denied by the policy',
    () => rig.client().send(new EncryptCommand({ KeyId: KEY, Plaintext: Uint8Array.of(1) })),
    'AccessDeniedException',
  ],
  [
    'PutKeyPolicy by the role',
    () => rig.client().send(new PutKeyPolicyCommand({ KeyId: KEY, Policy: JSON.stringify(keyPolicy()) })),
    'AccessDeniedException',
  ],
  [
    'a document under another root',
    () => decryptFor(rig.attest(PUBLIC_KEY_SPKI, strangeRoot)),
    'ValidationException',
  ],
  [
    'a document of yesterday',
    () => decryptFor(rig.attest(PUBLIC_KEY_SPKI, yesterday)),
    'ValidationException',
  ],
  [
    'a document of ten minutes ago',
    () => decryptFor(rig.attest(PUBLIC_KEY_SPKI, tenMinutesAgo)),
    'ValidationException',
  ],
  ['a document with a flipped bit', () => decryptFor(flipped(rig.attest())), 'ValidationException'],
  ['a document that is none', () => decryptFor(new Uint8Array(100)), 'ValidationException'],
  ['a document without public key', () => decryptFor(rig.attest(null)), 'ValidationException'],
  ['a document with a key that is not RSA', () => decryptFor(rig.attest(EC_SPKI)), 'ValidationException'],
  [
    'a document with an RSA key of 1024 bits',
    () => decryptFor(rig.attest(SHORT_RSA_SPKI)),
    'ValidationException',
  ],
  [
    'another algorithm for the recipient',
    () =>
      rig.decrypt({ Recipient: { ...rig.recipient(), KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' as never } }),
    'ValidationException',
  ],
  [
    'another encryption context',
    () => rig.decrypt({ EncryptionContext: { ...CONTEXT, generation: '2' } }),
    'InvalidCiphertextException',
  ],
  [
    'no encryption context',
    () => rig.decrypt({ EncryptionContext: undefined }),
    'InvalidCiphertextException',
  ],
  ['a blob of another key', () => rig.decrypt({ KeyId: OTHER_KEY }), 'IncorrectKeyException'],
  [
    'a blob that is none',
    () => rig.decrypt({ CiphertextBlob: new Uint8Array(200) }),
    'InvalidCiphertextException',
  ],
  ['a key that does not exist', () => describeKey(`${KEY}0`), 'NotFoundException'],
  ['a key of another Region', () => describeKey(WEST_KEY), 'NotFoundException'],
  [
    'an id in the account of another principal',
    () => rig.client(ADMIN).send(new GetKeyPolicyCommand({ KeyId: KEY.slice(-36) })),
    'NotFoundException',
  ],
  ['number of bytes and key spec', () => rig.generateDataKey({ KeySpec: 'AES_256' }), 'ValidationException'],
  [
    'neither number of bytes nor key spec',
    () => rig.generateDataKey({ NumberOfBytes: undefined }),
    'ValidationException',
  ],
  [
    'a key spec of Object.prototype',
    () => rig.generateDataKey({ NumberOfBytes: undefined, KeySpec: 'constructor' as never }),
    'ValidationException',
  ],
  ['a data key of 1025 bytes', () => rig.generateDataKey({ NumberOfBytes: 1025 }), 'ValidationException'],
  [
    'an unknown secret',
    () => describeKey(KEY, { ...PARENT, secretAccessKey: 'x' }),
    'InvalidSignatureException',
  ],
  [
    'an unknown access key',
    () => describeKey(KEY, { ...PARENT, accessKeyId: 'ASIAX' }),
    'UnrecognizedClientException',
  ],
];
it.each(cases)('%s', async (_, call, name) => {
  expect(await nameOfRefusal(call())).toBe(name);
});

it('a blob with a byte changed in any of its parts', async () => {
  const blob = (await rig.generateDataKey()).CiphertextBlob!;
  for (const index of [0, 1, 2, 3, 40, blob.length - 61, blob.length - 20, blob.length - 1]) {
    const changed = Uint8Array.from(blob);
    changed[index]! ^= 1;
    const name = await nameOfRefusal(rig.decrypt({ CiphertextBlob: changed }));
    expect(['InvalidCiphertextException', 'IncorrectKeyException'], `byte ${index}`).toContain(name);
  }
});

it('a session that has expired, until new credentials are known', async () => {
  rig.simulator.addCredential({ ...PARENT, expiresAtMs: Date.now() - 1 });
  expect(await nameOfRefusal(describeKey(KEY))).toBe('ExpiredTokenException');
  rig.simulator.addCredential(PARENT);
  expect(await nameOfRefusal(describeKey(KEY))).toBe('none');
});
