import { Buffer } from 'node:buffer';
import { generateKeyPairSync, hash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateRandomCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListGrantsCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decryptEnvelopedData } from '../../../enclave-app/src/kms/enveloped-data.ts';
import { encryptForRecipient } from '../../src/kms/enveloped-data.ts';
import {
  type KmsSimulator,
  type KmsSimulatorOptions,
  startKmsSimulator,
} from '../../src/kms/kms-simulator.ts';
import type { KmsCredential } from '../../src/kms/principal.ts';
import { openNsmPki } from '../../src/nsm/nsm-pki.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/00000000-0000-4000-8000-000000000001`;
const OTHER_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/00000000-0000-4000-8000-000000000002`;
const WEST_KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/00000000-0000-4000-8000-000000000003`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/parent`;
const ADMINISTRATOR = 'arn:aws:iam::444455556666:user/administrator';
const PARENT: KmsCredential = {
  accessKeyId: 'ASIAPARENT',
  secretAccessKey: 'parent',
  sessionToken: 'token',
  principalArn: ROLE,
};
const ADMIN: KmsCredential = {
  accessKeyId: 'AKIAADMIN',
  secretAccessKey: 'admin',
  principalArn: ADMINISTRATOR,
};

const directory = mkdtempSync(join(tmpdir(), 'kms-'));
const pki = openNsmPki(directory);
const pcrs = {
  pcr0: new Uint8Array(48).fill(0xa0),
  pcr1: new Uint8Array(48).fill(0xb1),
  pcr2: new Uint8Array(48).fill(0xc2),
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKeySpki = rsa.publicKey.export({ type: 'spki', format: 'der' });

/** As the product's: attested use only, Encrypt denied, policy kept by another account. */
function keyPolicy(actions = ['kms:Decrypt', 'kms:GenerateDataKey']) {
  const notImage = (pcr: string, value: Uint8Array) => ({
    Effect: 'Deny',
    Principal: '*',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: '*',
    Condition: { StringNotEqualsIgnoreCase: { [`kms:RecipientAttestation:${pcr}`]: [hex(value)] } },
  });
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: ADMINISTRATOR },
        Action: ['kms:PutKeyPolicy', 'kms:GetKeyPolicy'],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Principal: { AWS: ROLE },
        Action: ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants', ...actions],
        Resource: '*',
      },
      { Effect: 'Deny', Principal: '*', Action: ['kms:Encrypt', 'kms:ReEncrypt*'], Resource: '*' },
      notImage('PCR0', pcrs.pcr0),
      notImage('PCR1', pcrs.pcr1),
      notImage('PCR2', pcrs.pcr2),
    ],
  };
}

let simulator: KmsSimulator;
const start = (change: Partial<KmsSimulatorOptions> = {}) =>
  startKmsSimulator({ directory, credentials: [PARENT, ADMIN], nsmRoots: [pki.rootCertificate], ...change });

beforeAll(async () => {
  simulator = await start();
  for (const arn of [KEY, OTHER_KEY, WEST_KEY]) simulator.createKey({ arn, policy: keyPolicy() });
});
afterAll(async () => {
  await simulator.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  simulator.setPolicy(KEY, keyPolicy());
  Object.assign(simulator.faults, { outage: false, latencyMs: 0, contentForm: 'chunked', tamper: null });
});

/** AWS's own client, which reaches the simulator under the name of the Region's endpoint. */
function clientOf(
  credential: KmsCredential = PARENT,
  { region = REGION, ca = simulator.caPem, port = simulator.port } = {},
): KMSClient {
  const { accessKeyId, secretAccessKey, sessionToken } = credential;
  return new KMSClient({
    region,
    maxAttempts: 1,
    endpoint: `https://kms.${region}.amazonaws.com:${port}`,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    requestHandler: {
      httpsAgent: {
        ca,
        lookup: (_: string, __: object, done: LookupCallback) =>
          done(null, [{ address: '127.0.0.1', family: 4 }]),
      },
    },
  });
}
type LookupCallback = (error: null, addresses: { address: string; family: number }[]) => void;

const nsm = startNsmSimulator({ pki, measurements: pcrs });
const attest = (publicKey: Uint8Array | null = publicKeySpki, from = nsm) =>
  from.attestation({ publicKey, userData: null, nonce: null });
const recipient = (document = attest()) =>
  ({ KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: document }) as const;
const opened = (cms: Uint8Array | undefined) =>
  decryptEnvelopedData(cms!, { privateKey: rsa.privateKey, publicKeySpki });
const CONTEXT = { deployment: 'd', generation: '1' };

async function nameOfRefusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: Error) => error.name,
  );
}

describe('with an attested recipient', () => {
  it.each(['chunked', 'primitive'] as const)(
    'GenerateDataKey and Decrypt give the same key, %s',
    async (contentForm) => {
      simulator.faults.contentForm = contentForm;
      const client = clientOf();
      const made = await client.send(
        new GenerateDataKeyCommand({
          KeyId: KEY,
          NumberOfBytes: 32,
          EncryptionContext: CONTEXT,
          Recipient: recipient(),
        }),
      );
      expect([made.KeyId, made.Plaintext]).toEqual([KEY, undefined]);
      const decrypted = await client.send(
        new DecryptCommand({
          KeyId: KEY,
          CiphertextBlob: made.CiphertextBlob!,
          EncryptionContext: CONTEXT,
          Recipient: recipient(),
        }),
      );
      expect(decrypted).toMatchObject({ KeyId: KEY, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
      expect(decrypted.Plaintext).toBeUndefined();
      expect(opened(decrypted.CiphertextForRecipient)).toEqual(opened(made.CiphertextForRecipient));
      expect(opened(made.CiphertextForRecipient)).toHaveLength(32);
    },
  );

  it('GenerateRandom encrypts as well, and asks no policy', async () => {
    const { CiphertextForRecipient, Plaintext } = await clientOf().send(
      new GenerateRandomCommand({ NumberOfBytes: 1024, Recipient: recipient() }),
    );
    expect(Plaintext).toBeUndefined();
    expect(opened(CiphertextForRecipient)).toHaveLength(1024);
  });

  it('a debug document is judged by the policy alone', async () => {
    const zero = new Uint8Array(48);
    const debug = startNsmSimulator({ pki, measurements: { pcr0: zero, pcr1: zero, pcr2: zero } });
    const generate = () =>
      clientOf().send(
        new GenerateDataKeyCommand({
          KeyId: KEY,
          KeySpec: 'AES_256',
          Recipient: recipient(attest(publicKeySpki, debug)),
        }),
      );
    expect(await nameOfRefusal(generate())).toBe('AccessDeniedException');
    const admitsDebug = JSON.stringify(keyPolicy()).replaceAll(
      new RegExp(`${hex(pcrs.pcr0)}|${hex(pcrs.pcr1)}|${hex(pcrs.pcr2)}`, 'g'),
      '0'.repeat(96),
    );
    simulator.setPolicy(KEY, admitsDebug);
    expect(opened((await generate()).CiphertextForRecipient)).toHaveLength(32);
  });
});

describe('refusals', () => {
  const dataKey = (change: object) =>
    new GenerateDataKeyCommand({ KeyId: KEY, NumberOfBytes: 32, EncryptionContext: CONTEXT, ...change });
  const blob = async () => (await clientOf().send(dataKey({ Recipient: recipient() }))).CiphertextBlob!;
  const decrypt = async (change: object) =>
    clientOf().send(
      new DecryptCommand({
        KeyId: KEY,
        CiphertextBlob: await blob(),
        EncryptionContext: CONTEXT,
        Recipient: recipient(),
        ...change,
      }),
    );

  it("speak KMS's words", async () => {
    const refusal = await clientOf()
      .send(dataKey({}))
      .catch((error: Error) => error);
    const user = `arn:aws:sts::${ACCOUNT}:assumed-role/parent/ASIAPARENT`;
    expect(refusal).toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
      message: `User: ${user} is not authorized to perform: kms:GenerateDataKey on resource: ${KEY} with an explicit deny in a resource-based policy`,
    });
  });

  const otherImage = startNsmSimulator({ pki, measurements: { ...pcrs, pcr1: new Uint8Array(48).fill(1) } });
  const strangeRoot = startNsmSimulator({ pki: openNsmPki(join(directory, 'strange')), measurements: pcrs });
  const yesterday = startNsmSimulator({ pki, measurements: pcrs, now: () => Date.now() - 86_400_000 });
  const flipped = () => {
    const document = attest();
    document[document.length - 1]! ^= 1;
    return document;
  };
  const cases: readonly [string, () => Promise<unknown>, string][] = [
    ['GenerateDataKey without attestation', () => clientOf().send(dataKey({})), 'AccessDeniedException'],
    ['Decrypt without attestation', () => decrypt({ Recipient: undefined }), 'AccessDeniedException'],
    [
      'another image',
      () => decrypt({ Recipient: recipient(attest(publicKeySpki, otherImage)) }),
      'AccessDeniedException',
    ],
    [
      'Encrypt, denied by the policy',
      () => clientOf().send(new EncryptCommand({ KeyId: KEY, Plaintext: Uint8Array.of(1) })),
      'AccessDeniedException',
    ],
    [
      'PutKeyPolicy by the role',
      () => clientOf().send(new PutKeyPolicyCommand({ KeyId: KEY, Policy: JSON.stringify(keyPolicy()) })),
      'AccessDeniedException',
    ],
    [
      'a document under another root',
      () => decrypt({ Recipient: recipient(attest(publicKeySpki, strangeRoot)) }),
      'ValidationException',
    ],
    [
      'a document of yesterday',
      () => decrypt({ Recipient: recipient(attest(publicKeySpki, yesterday)) }),
      'ValidationException',
    ],
    [
      'a document with a flipped bit',
      () => decrypt({ Recipient: recipient(flipped()) }),
      'ValidationException',
    ],
    [
      'a document that is none',
      () => decrypt({ Recipient: recipient(new Uint8Array(100)) }),
      'ValidationException',
    ],
    [
      'a document without public key',
      () => decrypt({ Recipient: recipient(attest(null)) }),
      'ValidationException',
    ],
    [
      'a document with a key that is not RSA',
      () => decrypt({ Recipient: recipient(attest(EC_SPKI)) }),
      'ValidationException',
    ],
    [
      'a document with an RSA key of 1024 bits',
      () => decrypt({ Recipient: recipient(attest(SHORT_RSA_SPKI)) }),
      'ValidationException',
    ],
    [
      'another algorithm for the recipient',
      () => decrypt({ Recipient: { ...recipient(), KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' } }),
      'ValidationException',
    ],
    [
      'another encryption context',
      () => decrypt({ EncryptionContext: { ...CONTEXT, generation: '2' } }),
      'InvalidCiphertextException',
    ],
    ['no encryption context', () => decrypt({ EncryptionContext: undefined }), 'InvalidCiphertextException'],
    ['a blob of another key', () => decrypt({ KeyId: OTHER_KEY }), 'IncorrectKeyException'],
    [
      'a blob that is none',
      () => decrypt({ CiphertextBlob: new Uint8Array(200) }),
      'InvalidCiphertextException',
    ],
    [
      'a key that does not exist',
      () => clientOf().send(new DescribeKeyCommand({ KeyId: `${KEY}0` })),
      'NotFoundException',
    ],
    [
      'a key of another Region',
      () => clientOf().send(new DescribeKeyCommand({ KeyId: WEST_KEY })),
      'NotFoundException',
    ],
    [
      'an id in the account of another principal',
      () => clientOf(ADMIN).send(new GetKeyPolicyCommand({ KeyId: KEY.slice(-36) })),
      'NotFoundException',
    ],
    [
      'number of bytes and key spec',
      () => clientOf().send(dataKey({ KeySpec: 'AES_256', Recipient: recipient() })),
      'ValidationException',
    ],
    [
      'a data key of 1025 bytes',
      () => clientOf().send(dataKey({ NumberOfBytes: 1025, Recipient: recipient() })),
      'ValidationException',
    ],
    [
      'an unknown secret',
      () => clientOf({ ...PARENT, secretAccessKey: 'x' }).send(new DescribeKeyCommand({ KeyId: KEY })),
      'InvalidSignatureException',
    ],
    [
      'an unknown access key',
      () => clientOf({ ...PARENT, accessKeyId: 'ASIAX' }).send(new DescribeKeyCommand({ KeyId: KEY })),
      'UnrecognizedClientException',
    ],
  ];
  it.each(cases)('%s', async (_, call, name) => {
    expect(await nameOfRefusal(call())).toBe(name);
  });

  it('a blob with any byte changed', async () => {
    const bytes = await blob();
    for (const index of [0, 1, 2, 3, 40, bytes.length - 61, bytes.length - 20, bytes.length - 1]) {
      const changed = Uint8Array.from(bytes);
      changed[index]! ^= 1;
      const name = await nameOfRefusal(decrypt({ CiphertextBlob: changed }));
      expect(['InvalidCiphertextException', 'IncorrectKeyException'], `byte ${index}`).toContain(name);
    }
  });

  it('a session that has expired, until new credentials are known', async () => {
    simulator.addCredential({ ...PARENT, expiresAtMs: Date.now() - 1 });
    const describeKey = () => clientOf().send(new DescribeKeyCommand({ KeyId: KEY }));
    expect(await nameOfRefusal(describeKey())).toBe('ExpiredTokenException');
    simulator.addCredential(PARENT);
    expect(await nameOfRefusal(describeKey())).toBe('none');
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

describe('the key itself', () => {
  it('is described as a plain symmetric key without grants', async () => {
    const client = clientOf();
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: KEY.slice(-36) }));
    expect(KeyMetadata).toMatchObject({
      Arn: KEY,
      AWSAccountId: ACCOUNT,
      Enabled: true,
      KeySpec: 'SYMMETRIC_DEFAULT',
      Origin: 'AWS_KMS',
      MultiRegion: false,
    });
    expect(KeyMetadata!.CreationDate!.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(await client.send(new ListGrantsCommand({ KeyId: KEY }))).toMatchObject({
      Grants: [],
      Truncated: false,
    });
  });

  it('has the policy that its administrator last put', async () => {
    const operational = JSON.stringify(keyPolicy(['kms:Decrypt']));
    await clientOf(ADMIN).send(
      new PutKeyPolicyCommand({ KeyId: KEY, PolicyName: 'default', Policy: operational }),
    );
    const { Policy, PolicyName } = await clientOf().send(
      new GetKeyPolicyCommand({ KeyId: KEY, PolicyName: 'default' }),
    );
    expect([Policy, PolicyName]).toEqual([operational, 'default']);
    const generate = clientOf().send(
      new GenerateDataKeyCommand({ KeyId: KEY, NumberOfBytes: 32, Recipient: recipient() }),
    );
    expect(await nameOfRefusal(generate)).toBe('AccessDeniedException');
  });

  it('refuses a malformed policy, and one that locks its administrator out', async () => {
    const put = (policy: object) =>
      clientOf(ADMIN).send(new PutKeyPolicyCommand({ KeyId: KEY, Policy: JSON.stringify(policy) }));
    expect(await nameOfRefusal(put({ Version: '2012-10-17', Statement: [{}] }))).toBe(
      'MalformedPolicyDocumentException',
    );
    expect(await nameOfRefusal(put({ Version: '2012-10-17', Statement: [] }))).toBe(
      'MalformedPolicyDocumentException',
    );
  });

  it('is separate in each Region', async () => {
    const west = clientOf(PARENT, { region: 'us-west-2' });
    const made = await west.send(
      new GenerateDataKeyCommand({ KeyId: WEST_KEY, NumberOfBytes: 32, Recipient: recipient() }),
    );
    expect(made.KeyId).toBe(WEST_KEY);
    expect(await nameOfRefusal(west.send(new DescribeKeyCommand({ KeyId: KEY })))).toBe('NotFoundException');
  });

  it('outlives the process, in files of mode 0600, under the same certificate authority', async () => {
    const made = await clientOf().send(
      new GenerateDataKeyCommand({ KeyId: KEY, NumberOfBytes: 32, Recipient: recipient() }),
    );
    await using restarted = Object.assign(await start(), { [Symbol.asyncDispose]: () => restarted.close() });
    expect(restarted.caPem).toBe(simulator.caPem);
    expect(restarted.hasKey(KEY)).toBe(true);
    expect(() => restarted.createKey({ arn: KEY, policy: keyPolicy() })).toThrow('exists');
    const client = clientOf(PARENT, { port: restarted.port });
    const decrypted = await client.send(
      new DecryptCommand({ CiphertextBlob: made.CiphertextBlob!, Recipient: recipient() }),
    );
    expect(opened(decrypted.CiphertextForRecipient)).toEqual(opened(made.CiphertextForRecipient));
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.map((file) => statSync(join(file.parentPath, file.name)).mode & 0o777)).toEqual(
      files.map(() => 0o600),
    );
  });
});

describe('transport', () => {
  it("is TLS under the simulator's own authority", async () => {
    const stranger = await start({ directory: join(directory, 'other') });
    const refusal = await clientOf(PARENT, { ca: stranger.caPem })
      .send(new DescribeKeyCommand({ KeyId: KEY }))
      .catch((error: Error) => error);
    await stranger.close();
    expect(refusal).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  const post = (headers: Record<string, string>, body: string | Buffer) =>
    new Promise<{ status: number; body: unknown }>((resolve, reject) => {
      const options = {
        host: 'localhost',
        port: simulator.port,
        method: 'POST',
        ca: simulator.caPem,
        headers,
      };
      const request = httpsRequest(options, async (response) => {
        const chunks = await response.toArray();
        resolve({ status: response.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString()) });
      });
      request.on('error', reject).end(body);
    });

  it('answers what is no request of KMS with an error of KMS', async () => {
    expect(await post({}, '{}')).toEqual({ status: 400, body: { __type: 'UnknownOperationException' } });
    expect(await post({ 'x-amz-target': 'TrentService.constructor' }, '{}')).toEqual({
      status: 400,
      body: { __type: 'UnknownOperationException' },
    });
    const unsigned = {
      status: 400,
      body: { __type: 'MissingAuthenticationTokenException', Message: 'Missing Authentication Token' },
    };
    expect(await post({ 'x-amz-target': 'TrentService.Decrypt' }, '{}')).toEqual(unsigned);
    expect(await post({ 'x-amz-target': 'TrentService.Decrypt' }, Buffer.alloc(300_000))).toEqual({
      status: 400,
      body: { __type: 'SerializationException' },
    });
  });
});

describe('faults', () => {
  const generate = () =>
    clientOf().send(new GenerateDataKeyCommand({ KeyId: KEY, NumberOfBytes: 32, Recipient: recipient() }));

  it('count requests per operation', async () => {
    const before = simulator.requests.GenerateDataKey;
    await generate();
    expect(simulator.requests.GenerateDataKey).toBe(before + 1);
  });

  it('forge an answer for the recipient, return a plaintext, name another key', async () => {
    const forged = new Uint8Array(32).fill(0x66);
    simulator.faults.tamper = ({ answer, recipientKey }) => ({
      ...answer,
      body: {
        ...answer.body,
        CiphertextForRecipient: Buffer.from(encryptForRecipient(recipientKey!, forged)).toString('base64'),
        Plaintext: 'AA==',
        KeyId: OTHER_KEY,
      },
    });
    const answer = await generate();
    expect(opened(answer.CiphertextForRecipient)).toEqual(forged);
    expect([answer.Plaintext, answer.KeyId]).toEqual([Uint8Array.of(0), OTHER_KEY]);
  });

  it("answer with an error of the test's choice", async () => {
    simulator.faults.tamper = ({ operation }) => ({
      status: 400,
      body: { __type: 'ThrottlingException', Message: operation },
    });
    expect(await generate().catch((error: Error) => error)).toMatchObject({
      name: 'ThrottlingException',
      message: 'GenerateDataKey',
    });
  });

  it('be slow, and be gone', async () => {
    simulator.faults.latencyMs = 150;
    const startedMs = performance.now();
    await generate();
    expect(performance.now() - startedMs).toBeGreaterThan(149);
    simulator.faults.outage = true;
    expect(await nameOfRefusal(generate())).not.toBe('none');
    simulator.faults.outage = false;
    expect(await nameOfRefusal(generate())).toBe('none');
  });
});

describe('recorded limits of the simulation', () => {
  it('names the recipient by SHA-256 of the attested key', async () => {
    const { CiphertextForRecipient } = await clientOf().send(
      new GenerateRandomCommand({ NumberOfBytes: 16, Recipient: recipient() }),
    );
    expect(hex(CiphertextForRecipient!)).toContain(hash('sha256', publicKeySpki));
  });
});
