import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  ListGrantsCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  ACCOUNT,
  ADMIN,
  CONTEXT,
  KEY,
  KmsRig,
  keyPolicy,
  nameOfRefusal,
  opened,
  PARENT,
  WEST_KEY,
} from './kms-rig.ts';

const rig = new KmsRig();
beforeAll(() => rig.open());
afterAll(() => rig.close());
beforeEach(() => rig.reset());

const putPolicy = (policy: object) =>
  rig
    .client(ADMIN)
    .send(new PutKeyPolicyCommand({ KeyId: KEY, PolicyName: 'default', Policy: JSON.stringify(policy) }));

it('a key is described as a plain symmetric one without grants', async () => {
  const { KeyMetadata } = await rig.client().send(new DescribeKeyCommand({ KeyId: KEY.slice(-36) }));
  expect(KeyMetadata).toMatchObject({
    Arn: KEY,
    AWSAccountId: ACCOUNT,
    Enabled: true,
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyState: 'Enabled',
    KeyUsage: 'ENCRYPT_DECRYPT',
    Origin: 'AWS_KMS',
    MultiRegion: false,
  });
  expect(KeyMetadata!.CreationDate!.getTime()).toBeGreaterThan(Date.now() - 60_000);
  expect(await rig.client().send(new ListGrantsCommand({ KeyId: KEY }))).toMatchObject({
    Grants: [],
    Truncated: false,
  });
});

it('a key has the policy that its administrator last put', async () => {
  const operational = keyPolicy(['kms:Decrypt']);
  await putPolicy(operational);
  const { Policy, PolicyName } = await rig
    .client()
    .send(new GetKeyPolicyCommand({ KeyId: KEY, PolicyName: 'default' }));
  expect([Policy, PolicyName]).toEqual([JSON.stringify(operational), 'default']);
  expect(await nameOfRefusal(rig.generateDataKey())).toBe('AccessDeniedException');
});

it('a policy that is malformed, or locks its administrator out, is refused', async () => {
  expect(await nameOfRefusal(putPolicy({ Version: '2012-10-17', Statement: [{}] }))).toBe(
    'MalformedPolicyDocumentException',
  );
  expect(await nameOfRefusal(putPolicy({ Version: '2012-10-17', Statement: [] }))).toBe(
    'MalformedPolicyDocumentException',
  );
  expect(await nameOfRefusal(rig.generateDataKey())).toBe('none');
});

it('a condition on the encryption context binds the use of a key', async () => {
  const bound = keyPolicy();
  const onlyHere = { StringNotEquals: { 'kms:EncryptionContext:Deployment': CONTEXT.deployment } };
  bound.Statement.push({
    Effect: 'Deny',
    Principal: '*',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: '*',
    Condition: onlyHere,
  } as never);
  rig.simulator.setPolicy(KEY, bound);
  expect(await nameOfRefusal(rig.generateDataKey())).toBe('none');
  expect(await nameOfRefusal(rig.generateDataKey({ EncryptionContext: { deployment: 'other' } }))).toBe(
    'AccessDeniedException',
  );
  expect(await nameOfRefusal(rig.generateDataKey({ EncryptionContext: undefined }))).toBe(
    'AccessDeniedException',
  );
});

it('each Region has its own keys', async () => {
  const west = rig.client(PARENT, { region: 'us-west-2' });
  expect((await rig.generateDataKey({ KeyId: WEST_KEY }, west)).KeyId).toBe(WEST_KEY);
  expect(await nameOfRefusal(west.send(new DescribeKeyCommand({ KeyId: KEY })))).toBe('NotFoundException');
});

it('keys outlive the process, in files of mode 0600, under the same certificate authority', async () => {
  const made = await rig.generateDataKey();
  const restarted = await rig.start();
  expect(restarted.caPem).toBe(rig.simulator.caPem);
  expect(restarted.hasKey(KEY)).toBe(true);
  expect(() => restarted.createKey({ arn: KEY, policy: keyPolicy() })).toThrow('exists');
  const client = rig.client(PARENT, { port: restarted.port });
  const decrypted = await rig.decrypt({ CiphertextBlob: made.CiphertextBlob }, client);
  expect(opened(decrypted.CiphertextForRecipient)).toEqual(opened(made.CiphertextForRecipient));
  await restarted.close();
  const files = readdirSync(rig.directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.map((file) => statSync(join(file.parentPath, file.name)).mode & 0o777)).toEqual(
    files.map(() => 0o600),
  );
});
