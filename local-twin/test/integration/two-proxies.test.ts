// Two proxies over one store, as behind a load balancer: what one did, the other knows.
import { generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import { proveApiKey } from '@strongroom/client/api-keys';
import { makeApiKey } from '@strongroom/client/credentials';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../../src/system/child.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { startSecondProxy } from '../support/second-proxy.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const POLICIES = '/v2/policy-engine/policies';
const rules = [{ action: 'reject', operation: 'signEvmHash' }];

let system: TestSystem;
let second: Child;
/** One project, as dialled at each of the proxies. */
let atBoth: readonly [TestProject, TestProject];

beforeAll(async () => {
  system = await startTestSystem();
  second = await startSecondProxy(system);
  const otherUrl = `http://127.0.0.1:${second.port}`;
  const authorities = [system.baseUrl, otherUrl].map((url) => new URL(url).host);
  const scopes = ['read', 'sign', 'accounts#export', 'policies#manage'];
  const project = await createTestProject(system, { authorities, scopes });
  atBoth = [project, { ...project, baseUrl: otherUrl }];
});
afterAll(async () => {
  await second.stop();
  await system[Symbol.asyncDispose]();
});

async function send(
  project: TestProject,
  method: string,
  path: string,
  body?: object,
  key: string | null = null,
) {
  const { status, text } = await sendSigned(project, method, path, { key, ...(body && { body }) });
  return { status, json: text === '' ? null : JSON.parse(text) };
}

const FAMILIES = ['evm', 'solana'];
const statusesOf = (answers: readonly { status: number }[]) => answers.map(({ status }) => status).toSorted();

describe('an idempotency key', () => {
  it.each(FAMILIES)('of a %s account makes one at both proxies, also at once', async (family) => {
    const path = `/v2/${family}/accounts`;
    const create = (i: number, name = `once-${family}`) =>
      send(atBoth[i % 2] as TestProject, 'POST', path, { name }, `create-${family}`);
    const raced = await Promise.all(Array.from({ length: 8 }, (_, i) => create(i)));
    expect(statusesOf(raced).filter((status) => status !== 201 && status !== 409)).toEqual([]);
    const made = await Promise.all([create(0), create(1)]);
    const addresses = [...raced, ...made].flatMap(({ status, json }) =>
      status === 201 ? [json.address] : [],
    );
    expect(new Set(addresses).size).toBe(1);
    expect(statusesOf([await create(0, 'other'), await create(1, 'other')])).toEqual([422, 422]);
  });

  it('of an import finds the key that came in at the other proxy, under another encryption', async () => {
    const [first, other] = atBoth;
    const { json } = await send(first, 'GET', '/v2/enclave/import-key');
    const secretKey = randomBytes(32);
    const put = (project: TestProject, key: Uint8Array) => {
      const encrypted = publicEncrypt({ key: json.publicKeyPem, oaepHash: 'sha256' }, key);
      const body = { encryptedPrivateKey: encrypted.toString('base64') };
      return send(project, 'POST', '/v2/evm/accounts/import', body, 'import');
    };
    const [one, two] = [await put(first, secretKey), await put(other, secretKey)];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(two.json).toEqual(one.json);
    expect((await put(other, randomBytes(32))).status).toBe(422);
  });

  it('of a signature, an update and an export is refused for another payload at the other proxy', async () => {
    const { json: account } = await send(atBoth[0], 'POST', '/v2/evm/accounts', {});
    const path = `/v2/evm/accounts/${account.address}`;
    const recipient = () =>
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .publicKey.export({ format: 'der', type: 'spki' })
        .toString('base64');
    for (const [method, at, body, another] of [
      ['POST', `${path}/sign/message`, { message: 'one' }, { message: 'two' }],
      ['PUT', path, { name: 'renamed-once' }, { name: 'renamed-twice' }],
      ['POST', `${path}/export`, { exportEncryptionKey: recipient() }, { exportEncryptionKey: recipient() }],
    ] as const) {
      const statuses = [];
      for (const [project, sent] of [
        [atBoth[0], body],
        [atBoth[1], body],
        [atBoth[1], another],
      ] as const)
        statuses.push((await send(project, method, at, sent, 'same')).status);
      expect(statuses).toEqual([200, 200, 422]);
    }
  });
});

describe('a name', () => {
  it.each(FAMILIES)('of a %s account goes to one of many creations at both', async (family) => {
    const create = (i: number) =>
      send(atBoth[i % 2] as TestProject, 'POST', `/v2/${family}/accounts`, { name: 'fought-over' });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => create(i)));
    expect(statusesOf(answers)).toEqual([201, ...Array.from({ length: 11 }, () => 409)]);
  });
});

describe('an API key', () => {
  it('that was added or revoked at one proxy counts, or does not, at the other from the answer on', async () => {
    const [first, other] = atBoth;
    const key = makeApiKey();
    const publicKey = Buffer.from(key.publicKey).toString('base64');
    const proof = proveApiKey(key, first.projectId);
    const body = { id: key.id, algorithm: 'EdDSA', publicKey, scopes: ['read'], proof };
    const holder = { ...other, apiKeyId: key.id, apiKeySecret: key.secret, apiKey: key.privateKey };
    const reads = async () => (await send(holder, 'GET', '/v2/evm/accounts')).status;
    expect(await reads()).toBe(401);
    expect((await send(first, 'POST', '/v2/enclave/api-keys', body)).status).toBe(201);
    expect(await reads()).toBe(200);
    expect((await send(first, 'DELETE', `/v2/enclave/api-keys/${key.id}`)).status).toBe(204);
    expect(await reads()).toBe(401);
  });
});

describe('changes of policies at two proxies', () => {
  it('all count or are refused as conflicts: none is lost, and none undone', async () => {
    const body = { scope: 'account', rules };
    const attempts = Array.from({ length: 12 }, (_, i) =>
      send(atBoth[i % 2] as TestProject, 'POST', POLICIES, body),
    );
    const answers = await Promise.all(attempts);
    const made = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(made.length).toBeGreaterThan(0);
    for (const { status, json } of refused)
      expect([status, json.errorType]).toEqual([409, 'operation_in_progress']);
    for (const project of atBoth) {
      const { json } = await send(project, 'GET', POLICIES);
      const listed = json.policies.map(({ id }: { id: string }) => id);
      expect(listed.toSorted()).toEqual(made.map((answer) => answer.json.id).toSorted());
    }
  });

  it('are in force at both from the answer on', async () => {
    const [first, other] = atBoth;
    const { json: policy } = await send(first, 'POST', POLICIES, { scope: 'account', rules });
    const { json: account } = await send(other, 'POST', '/v2/evm/accounts', { accountPolicy: policy.id });
    const sign = (project: TestProject) =>
      send(project, 'POST', `/v2/evm/accounts/${account.address}/sign`, { hash: `0x${'11'.repeat(32)}` });
    for (const project of atBoth) expect((await sign(project)).status).toBe(403);
    const relaxed = [
      { action: 'accept', operation: 'signEvmMessage', criteria: [{ type: 'evmMessage', match: '.' }] },
    ];
    await send(other, 'PUT', `${POLICIES}/${policy.id}`, { rules: relaxed });
    for (const project of atBoth) expect((await sign(project)).status).toBe(200);
  });
});
