// API keys of a project: made, limited, rotated and revoked over HTTP, against enclave and proxy as processes of their own.
import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { proveApiKey } from '@strongroom/client/api-keys';
import { makeApiKey } from '@strongroom/client/credentials';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOwnedProject } from '../support/owner-file.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { type RequestParts, sendSigned } from '../support/signed-request.ts';
import { runStrongroom } from '../support/strongroom-command.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const KEYS = '/v2/enclave/api-keys';
const ALL_SCOPES = ['read', 'sign', 'accounts#export', 'policies#manage'];

let system: TestSystem;
let project: TestProject;

beforeAll(async () => {
  system = await startTestSystem({ trustedProxies: ['127.0.0.1'] });
});
beforeEach(async () => {
  project = await createTestProject(system, { scopes: ALL_SCOPES });
});
afterAll(() => system[Symbol.asyncDispose]());

async function send(as: TestProject, method: string, path: string, parts: RequestParts = {}) {
  const { status, text } = await sendSigned(as, method, path, parts);
  return { status, json: text === '' ? null : JSON.parse(text) };
}

interface KeyChoices {
  readonly id?: string;
  readonly algorithm?: 'EdDSA' | 'ES256';
  readonly scopes?: readonly string[];
  readonly expiresAt?: string;
  readonly allowedIps?: readonly string[];
}

interface NewKey {
  readonly body: object;
  /** The project as seen by whoever has the new key. */
  readonly holder: TestProject;
}

function makeKey(choices: KeyChoices = {}): NewKey {
  const { id, algorithm = 'EdDSA', scopes = ALL_SCOPES, ...others } = choices;
  const key = makeApiKey(algorithm, id);
  const publicKey = Buffer.from(key.publicKey).toString('base64');
  const proof = proveApiKey(key, project.projectId);
  return {
    body: { id: key.id, algorithm, publicKey, scopes, ...others, proof },
    holder: { ...project, apiKeyId: key.id, apiKeySecret: key.secret, apiKey: key.privateKey },
  };
}

async function addKey(choices: KeyChoices = {}): Promise<TestProject> {
  const { body, holder } = makeKey(choices);
  const { status } = await send(project, 'POST', KEYS, { body });
  expect(status).toBe(201);
  return holder;
}

const reads = async (as: TestProject) => (await send(as, 'GET', '/v2/evm/accounts')).status;

describe('an added key', () => {
  it.each(['EdDSA', 'ES256'] as const)('of %s works in the SDK at once', async (algorithm) => {
    const cdp = connectSdk(await addKey({ algorithm }));
    const { address } = await cdp.evm.createAccount();
    await cdp.evm.signMessage({ address, message: 'by the new key' });
  });

  it('is listed without anything secret, with its time of last use', async () => {
    const allowedIps = ['127.0.0.1', '2001:db8::/32'];
    const expiresAt = '2099-01-01T00:00:00.000Z';
    const holder = await addKey({ scopes: ['read'], allowedIps, expiresAt });
    const before = Date.now();
    const shownOf = async (id: string) => {
      const { json } = await send(project, 'GET', KEYS);
      return json.apiKeys.find((key: { id: string }) => key.id === id);
    };
    const shown = { id: holder.apiKeyId, algorithm: 'EdDSA', scopes: ['read'], allowedIps, expiresAt };
    expect(await shownOf(holder.apiKeyId)).toEqual(shown);
    expect(await reads(holder)).toBe(200);
    const { lastUsedAt, ...rest } = await shownOf(holder.apiKeyId);
    expect(rest).toEqual(shown);
    expect(Date.parse(lastUsedAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(lastUsedAt)).toBeLessThanOrEqual(Date.now());
  });

  it('has to prove that it exists, and to have an id of its own', async () => {
    const { body } = makeKey();
    const { body: other } = makeKey();
    const borrowed = { ...body, proof: (other as { proof: string }).proof };
    expect(await send(project, 'POST', KEYS, { body: borrowed })).toMatchObject({
      status: 400,
      json: { errorMessage: 'The proof of the new API key is invalid.' },
    });
    expect((await send(project, 'POST', KEYS, { body })).status).toBe(201);
    expect(await send(project, 'POST', KEYS, { body })).toMatchObject({
      status: 409,
      json: { errorType: 'already_exists' },
    });
  });

  it('needs the Wallet Secret', async () => {
    const { body } = makeKey();
    const stranger = await createTestProject(system);
    const { status, json } = await send({ ...project, walletKey: stranger.walletKey }, 'POST', KEYS, {
      body,
    });
    expect([status, json.errorMessage]).toEqual([401, 'Wallet authentication error.']);
  });

  it('is added once under an idempotency key', async () => {
    const { body } = makeKey();
    const first = await send(project, 'POST', KEYS, { body, key: 'add' });
    const again = await send(project, 'POST', KEYS, { body, key: 'add' });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
  });
});

describe('the command', () => {
  it('rotates: adds, lists and revokes, by what the enclave certifies', async () => {
    const { project: owned, file } = await createOwnedProject(system);
    const out = `${file}.rotated`;
    const added = await runStrongroom(
      ...['api-key', 'create', '--credentials', file, '--out', out, '--algorithm', 'ES256'],
      ...['--scope', 'read', '--scope', 'sign', '--expires-in', '1h', '--allow-ip', '127.0.0.1'],
    );
    const { id } = added.json;
    const key = { id, algorithm: 'ES256', scopes: ['read', 'sign'] };
    expect(added.json.apiKeys).toEqual([expect.objectContaining({ id: owned.apiKeyId }), key]);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const renewed = JSON.parse(readFileSync(out, 'utf8')) as TestProject;
    await connectSdk({ ...owned, ...renewed }).evm.createAccount({ name: 'by-the-new-key' });
    const own = await runStrongroom('api-key', 'revoke', id, '--credentials', out, '--yes');
    expect(own.exitCode).toBe(2);
    const revoked = await runStrongroom('api-key', 'revoke', owned.apiKeyId, '--credentials', out, '--yes');
    expect(revoked.json).toEqual([key]);
    expect((await runStrongroom('api-key', 'list', '--credentials', out)).json).toEqual([key]);
    expect(await reads(owned)).toBe(401);
  });
});

describe('scopes', () => {
  it('read: shows, and does not sign', async () => {
    const holder = await addKey({ scopes: ['read'] });
    const cdp = connectSdk(holder);
    expect((await cdp.evm.listAccounts()).accounts).toEqual([]);
    await expect(cdp.evm.createAccount()).rejects.toEqual(refusal(403, 'forbidden'));
  });

  it('sign: signs, and does not show', async () => {
    const holder = await addKey({ scopes: ['sign'] });
    const cdp = connectSdk(holder);
    const { address } = await cdp.evm.createAccount();
    await cdp.evm.signMessage({ address, message: 'x' });
    await expect(cdp.evm.listAccounts()).rejects.toEqual(refusal(403, 'forbidden'));
    await expect(cdp.evm.exportAccount({ address })).rejects.toEqual(refusal(403, 'forbidden'));
  });

  it('none: nothing', async () => {
    expect(await reads(await addKey({ scopes: [] }))).toBe(403);
  });
});

describe('a key is refused', () => {
  it('after its expiry', async () => {
    const holder = await addKey({ expiresAt: new Date(Date.now() + 1500).toISOString() });
    expect(await reads(holder)).toBe(200);
    await sleep(1600);
    expect(await reads(holder)).toBe(401);
  });

  it('from an address that is not on its list, whatever the header says before the last proxy', async () => {
    const holder = await addKey({ allowedIps: ['203.0.113.0/24'] });
    const from = async (forwardedFor: string) => {
      const url = `${system.baseUrl}/v2/evm/accounts`;
      const { bearerToken } = await import('../support/forged-token.ts');
      const authority = new URL(system.baseUrl).host;
      const target = { method: 'GET', authority, path: '/v2/evm/accounts', body: '' };
      const authorization = `Bearer ${bearerToken(holder, target)}`;
      return (await fetch(url, { headers: { authorization, 'x-forwarded-for': forwardedFor } })).status;
    };
    expect(await from('203.0.113.7')).toBe(200);
    expect(await from('198.51.100.1, 203.0.113.7')).toBe(200);
    expect(await from('203.0.113.7, 198.51.100.1')).toBe(401);
    expect(await reads(holder)).toBe(401);
  });

  it('from the moment at which its revocation is answered', async () => {
    const holder = await addKey();
    expect(await reads(holder)).toBe(200);
    const revoke = (key: string | null) => send(project, 'DELETE', `${KEYS}/${holder.apiKeyId}`, { key });
    expect((await revoke('revoke')).status).toBe(204);
    expect(await reads(holder)).toBe(401);
    expect((await revoke('revoke')).status).toBe(204);
    expect(await revoke(null)).toMatchObject({ status: 404, json: { errorMessage: 'API key not found.' } });
  });

  it('under an id of the older form, however its slashes are spelled', async () => {
    for (const spell of [(id: string) => id, encodeURIComponent]) {
      const holder = await addKey({ id: `organizations/${randomUUID()}/apiKeys/${randomUUID()}` });
      expect(await reads(holder)).toBe(200);
      expect((await send(project, 'DELETE', `${KEYS}/${spell(holder.apiKeyId)}`)).status).toBe(204);
      expect(await reads(holder)).toBe(401);
    }
    for (const id of ['organizations/../x', 'a b c d e', 'x//yyyyyy', '/yyyyyyyy']) {
      const { body } = makeKey({ id });
      expect(await send(project, 'POST', KEYS, { body })).toMatchObject({ status: 400 });
    }
  });

  it('but the last one is never revoked, and a rotation overlaps', async () => {
    expect(await send(project, 'DELETE', `${KEYS}/${project.apiKeyId}`)).toMatchObject({ status: 400 });
    const successor = await addKey();
    expect([await reads(project), await reads(successor)]).toEqual([200, 200]);
    expect((await send(successor, 'DELETE', `${KEYS}/${project.apiKeyId}`)).status).toBe(204);
    expect([await reads(project), await reads(successor)]).toEqual([401, 200]);
  });
});
