import { hash } from 'node:crypto';
import { GenerateRandomCommand } from '@aws-sdk/client-kms';
import { encode } from 'cborg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';
import {
  hex,
  KEY,
  KmsRig,
  keyPolicy,
  nameOfRefusal,
  opened,
  PARENT,
  PCRS,
  PUBLIC_KEY_SPKI,
} from './kms-rig.ts';

const rig = new KmsRig();
beforeAll(() => rig.open());
afterAll(() => rig.close());
beforeEach(() => rig.reset());

describe('with an attested recipient', () => {
  it.each(['chunked', 'primitive'] as const)(
    'GenerateDataKey and Decrypt give the same key, %s',
    async (contentForm) => {
      rig.simulator.faults.contentForm = contentForm;
      const made = await rig.generateDataKey();
      expect([made.KeyId, made.Plaintext]).toEqual([KEY, undefined]);
      const decrypted = await rig.decrypt({ CiphertextBlob: made.CiphertextBlob });
      expect(decrypted).toMatchObject({ KeyId: KEY, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
      expect(decrypted.Plaintext).toBeUndefined();
      expect(opened(decrypted.CiphertextForRecipient)).toEqual(opened(made.CiphertextForRecipient));
      expect(opened(made.CiphertextForRecipient)).toHaveLength(32);
    },
  );

  it('GenerateRandom encrypts as well, and asks no policy', async () => {
    const command = new GenerateRandomCommand({ NumberOfBytes: 1024, Recipient: rig.recipient() });
    const { CiphertextForRecipient, Plaintext } = await rig.client().send(command);
    expect(Plaintext).toBeUndefined();
    expect(opened(CiphertextForRecipient)).toHaveLength(1024);
  });

  it('an answer names its recipient by SHA-256 of the attested key', async () => {
    const { CiphertextForRecipient } = await rig.generateDataKey();
    expect(hex(CiphertextForRecipient!)).toContain(hash('sha256', PUBLIC_KEY_SPKI));
  });
});

/** The policy with other values in the place of the image's. */
function policyAdmitting(pcr: string): string {
  return JSON.stringify(keyPolicy()).replaceAll(new RegExp(Object.values(PCRS).map(hex).join('|'), 'g'), pcr);
}

it('a debug document is judged by the policy alone', async () => {
  const zero = new Uint8Array(48);
  const debug = startNsmSimulator({ pki: rig.pki, measurements: { pcr0: zero, pcr1: zero, pcr2: zero } });
  const generate = () =>
    rig.generateDataKey({ Recipient: rig.recipient(rig.attest(PUBLIC_KEY_SPKI, debug)) });
  expect(await nameOfRefusal(generate())).toBe('AccessDeniedException');
  rig.simulator.setPolicy(KEY, policyAdmitting(hex(zero)));
  expect(opened((await generate()).CiphertextForRecipient)).toHaveLength(32);
});

describe('an unsigned document of QEMU', () => {
  const pcr = new Uint8Array(48).fill(0xee);
  const inOrder = { mapSorter: () => 0 };
  const payload = new Map<string, unknown>([
    ['module_id', 'i-234-enc5678'],
    ['digest', 'SHA384'],
    ['timestamp', 1_795_176_000_000],
    ['pcrs', new Map([0, 1, 2].map((index) => [index, pcr]))],
    ['certificate', new Uint8Array(64)],
    ['cabundle', [new Uint8Array(64)]],
    ['public_key', Uint8Array.from(PUBLIC_KEY_SPKI)],
    ['user_data', null],
    ['nonce', null],
  ]);
  const document = encode(
    [Uint8Array.of(0xa1, 1, 0x20), {}, encode(payload, inOrder), new Uint8Array(64)],
    inOrder,
  );

  it('is refused, unless the simulator was started to accept it; then the policy judges its PCRs', async () => {
    expect(await nameOfRefusal(rig.generateDataKey({ Recipient: rig.recipient(document) }))).toBe(
      'ValidationException',
    );
    const emulation = await rig.start({ acceptUnsignedEmulationDocuments: true });
    const client = rig.client(PARENT, { port: emulation.port });
    const generate = () => rig.generateDataKey({ Recipient: rig.recipient(document) }, client);
    expect(await nameOfRefusal(generate())).toBe('AccessDeniedException');
    emulation.setPolicy(KEY, policyAdmitting(hex(pcr)));
    expect(opened((await generate()).CiphertextForRecipient)).toHaveLength(32);
    await emulation.close();
  });
});
