// A parent that cheats with KMS while the enclave starts: its answers, and the policies of its keys.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { encryptForRecipient } from '../../src/kms/enveloped-data.ts';
import { openTlsAuthority } from '../../src/kms/tls-authority.ts';
import { TWIN_CREDENTIALS, TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';
import { expectRootRefused } from '../support/refused-root.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: Laboratory;

beforeAll(async () => {
  lab = await openLaboratory();
  await lab.rootRecord();
});
afterAll(() => lab[Symbol.asyncDispose]());
afterEach(() => {
  lab.kms.faults.tamper = null;
  lab.kms.faults.outage = false;
  lab.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([lab.measurements], 'genesis'));
});

const expectRefused = (expected: string) => expectRootRefused(lab, expected);

describe('answers of KMS', () => {
  /** Changes what KMS answers to Decrypt. */
  function tamperWithDecrypt(
    change: (fields: Record<string, unknown>, recipientKey: Uint8Array) => object,
  ): void {
    lab.kms.faults.tamper = ({ operation, answer, recipientKey }) =>
      operation === 'Decrypt' && recipientKey
        ? {
            status: answer.status,
            body: change({ ...answer.body } as Record<string, unknown>, recipientKey) as typeof answer.body,
          }
        : answer;
  }

  it('with a Plaintext, without a ciphertext for us, or of another key', async () => {
    tamperWithDecrypt((fields) => ({ ...fields, Plaintext: Buffer.alloc(32, 1).toString('base64') }));
    await expectRefused('KMS_ANSWER_REFUSED');
    tamperWithDecrypt(({ CiphertextForRecipient: _dropped, ...rest }) => rest);
    await expectRefused('KMS_ANSWER_REFUSED');
    tamperWithDecrypt((fields) => ({ ...fields, KeyId: TWIN_KEY_ARN.replace(/1$/, '2') }));
    await expectRefused('KMS_ANSWER_REFUSED');
  });

  it('forged: garbage, an envelope for another key, another data key in a right envelope', async () => {
    const forge = (make: (recipientKey: Uint8Array) => Uint8Array) =>
      tamperWithDecrypt((fields, recipientKey) => ({
        ...fields,
        CiphertextForRecipient: Buffer.from(make(recipientKey)).toString('base64'),
      }));
    forge(() => Buffer.from('garbage'));
    await expectRefused('KMS_ANSWER_REFUSED');
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      format: 'der',
      type: 'spki',
    });
    forge(() => encryptForRecipient(stranger, Buffer.alloc(32, 7)));
    await expectRefused('KMS_ANSWER_REFUSED');
    forge((key) => encryptForRecipient(key, Buffer.alloc(31, 7)));
    await expectRefused('KMS_ANSWER_REFUSED');
    // Whoever relays the answer sees the public key and can make a valid envelope: TLS keeps him out, and the seal of the root.
    forge((key) => encryptForRecipient(key, Buffer.alloc(32, 7)));
    await expectRefused('ROOT_RECORD_REFUSED');
  });

  it('from a server that the parent put in the place of KMS: TLS refuses it', async () => {
    const impostor = openTlsAuthority(mkdtempSync(join(tmpdir(), 'strongroom-impostor-')));
    const server = createServer({ SNICallback: (name, done) => done(null, impostor.contextFor(name)) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await using enclave = await lab.boot({ kmsRelay: () => tcpDialer(port) });
    await expect(enclave.call(loadRootRecord, { rootRecord: await lab.rootRecord() })).rejects.toThrow(
      code('KMS_UNREACHABLE'),
    );
    server.close();
  });

  it('absent: out of reach is said, and mended by trying again', async () => {
    await using enclave = await lab.boot();
    lab.kms.faults.outage = true;
    const rootRecord = await lab.rootRecord();
    await expect(enclave.call(loadRootRecord, { rootRecord })).rejects.toThrow(code('KMS_UNREACHABLE'));
    expect(await enclave.call(getStatus, {})).toMatchObject({
      phase: 'needs-root-record',
      reason: 'KMS_UNREACHABLE',
    });
    lab.kms.faults.outage = false;
    expect(await enclave.call(loadRootRecord, { rootRecord })).toEqual({ phase: 'ready' });
  });
});

describe('keys of KMS', () => {
  const withPolicy = (change: (policy: { Statement: object[] }) => void) => {
    const policy = JSON.parse(JSON.stringify(twinKeyPolicy([lab.measurements], 'operational'))) as {
      Statement: object[];
    };
    change(policy);
    lab.kms.setPolicy(TWIN_KEY_ARN, policy);
  };

  it.each<[string, (policy: { Statement: object[] }) => void]>([
    [
      'one statement more',
      ({ Statement }) =>
        Statement.push({
          Sid: 'x',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:user/eve' },
          Action: 'kms:DescribeKey',
          Resource: '*',
        }),
    ],
    ['one deny less', ({ Statement }) => Statement.pop()],
    [
      'another administrator',
      ({ Statement }) =>
        Object.assign(Statement[0] as object, { Principal: { AWS: 'arn:aws:iam::111122223333:user/eve' } }),
    ],
    [
      'a condition dropped',
      ({ Statement }) => {
        for (const statement of Statement as {
          Sid: string;
          Condition?: Record<string, Record<string, string>>;
        }[]) {
          if (statement.Sid === 'AttestedImage1')
            delete statement.Condition?.['StringEqualsIgnoreCase']?.['kms:RecipientAttestation:PCR2'];
        }
      },
    ],
    [
      'a wider action',
      ({ Statement }) => Object.assign(Statement[2] as object, { Action: ['kms:Decrypt', 'kms:Encrypt'] }),
    ],
  ])('whose policy has %s are refused', async (_name, change) => {
    withPolicy(change);
    await expectRefused('KMS_KEY_REFUSED');
  });

  it('whose policy admits a second image as well are accepted, and the manifest says so', async () => {
    const second = { pcr0: Buffer.alloc(48, 1), pcr1: Buffer.alloc(48, 2), pcr2: Buffer.alloc(48, 3) };
    lab.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([lab.measurements, second], 'operational'));
    await using enclave = await lab.bootReady();
    const { manifest } = await enclave.call(getAttestation, { nonce: Buffer.alloc(16) });
    const { kmsPolicies } = decodeCbor(manifest) as unknown as {
      kmsPolicies: { pcrs: { pcr0: Uint8Array }[] }[];
    };
    expect(kmsPolicies[0]?.pcrs.map(({ pcr0 }) => Buffer.from(pcr0).toString('hex'))).toEqual([
      Buffer.from(lab.measurements.pcr0).toString('hex'),
      '01'.repeat(48),
    ]);
  });

  it('that do not admit this image do not open', async () => {
    const stranger = { pcr0: Buffer.alloc(48, 1), pcr1: Buffer.alloc(48, 2), pcr2: Buffer.alloc(48, 3) };
    await using enclave = await lab.boot({ measurements: stranger });
    await expect(enclave.call(loadRootRecord, { rootRecord: await lab.rootRecord() })).rejects.toThrow(
      code('KMS_KEY_REFUSED'),
    );
  });

  it('give nobody a ciphertext of his own, and nobody a plaintext without an attestation', async () => {
    const { accessKeyId, secretAccessKey } = TWIN_CREDENTIALS;
    const { Agent } = await import('node:https');
    const kms = new KMSClient({
      region: 'us-east-1',
      endpoint: `https://localhost:${lab.kms.port}`,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
      requestHandler: { httpsAgent: new Agent({ ca: lab.kms.caPem }) },
    });
    const denied = expect.objectContaining({ name: 'AccessDeniedException' });
    await expect(
      kms.send(new EncryptCommand({ KeyId: TWIN_KEY_ARN, Plaintext: Buffer.alloc(32) })),
    ).rejects.toThrow(denied);
    const record = decodeCbor(await lab.rootRecord()) as unknown as WrappedRoots;
    const [wrap] = record.body.roots[0]?.wraps ?? [];
    const decrypt = new DecryptCommand({ KeyId: TWIN_KEY_ARN, CiphertextBlob: wrap?.ciphertextBlob });
    await expect(kms.send(decrypt)).rejects.toThrow(denied);
    kms.destroy();
  });
});

/** As much of a root record as KMS has to do with. */
interface WrappedRoots {
  readonly body: {
    readonly roots: readonly { readonly wraps: readonly { readonly ciphertextBlob: Uint8Array }[] }[];
  };
}
