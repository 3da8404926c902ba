// What CDP's contract says of single answers: exact members, spellings, statuses and repetitions, as a client without the SDK sees them.
import { hashMessage, recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearerToken, type Forgery, walletToken } from '../support/forged-token.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { sendRaw } from '../support/raw-request.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const EVM = '/v2/evm/accounts';
const SOLANA = '/v2/solana/accounts';
const POLICIES = '/v2/policy-engine/policies';
const NOBODY = '123e4567-e89b-42d3-a456-426614174000';
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const rules = [{ action: 'reject', operation: 'signEvmHash' }];

let system: TestSystem;
let project: TestProject;
let policyId: string;

beforeAll(async () => {
  system = await startTestSystem();
  project = await createTestProject(system, { scopes: ['read', 'sign', 'policies#manage'] });
  ({ id: policyId } = (await send('POST', POLICIES, { scope: 'account', rules })).json);
});
afterAll(() => system[Symbol.asyncDispose]());

async function send(method: string, path: string, body?: object, key: string | null = null) {
  const { status, text, contentType } = await sendSigned(project, method, path, {
    key,
    ...(body && { body }),
  });
  return { status, text, contentType, json: text === '' ? null : JSON.parse(text) };
}

describe.each([
  ['EVM', EVM, /^0x[0-9a-fA-F]{40}$/],
  ['Solana', SOLANA, /^[1-9A-HJ-NP-Za-km-z]{32,44}$/],
])('an %s account', (family, path, address) => {
  it('has an address, policies and times, and a name when it was given one', async () => {
    const shown = { address: expect.stringMatching(address), policies: [], createdAt: ISO, updatedAt: ISO };
    const bare = await send('POST', path, {});
    expect([bare.status, bare.json]).toEqual([201, shown]);
    const named = await send('POST', path, { name: 'shown', accountPolicy: policyId });
    expect([named.status, named.json]).toEqual([201, { ...shown, name: 'shown', policies: [policyId] }]);
    expect((await send('GET', `${path}/${named.json.address}`)).json).toEqual(named.json);
    expect((await send('GET', `${path}/by-name/shown`)).json).toEqual(named.json);
  });

  it('keeps in an update whatever the body leaves out', async () => {
    const { json: made } = await send('POST', path, { name: 'before', accountPolicy: policyId });
    const at = `${path}/${made.address}`;
    for (const [body, name, policies] of [
      [{}, 'before', [policyId]],
      [{ name: 'before' }, 'before', [policyId]],
      [{ name: 'after' }, 'after', [policyId]],
      [{ accountPolicy: '' }, 'after', []],
      [{ accountPolicy: '' }, 'after', []],
      [{ accountPolicy: policyId }, 'after', [policyId]],
      [{ name: 'before', accountPolicy: '' }, 'before', []],
    ] as const) {
      const { status, json } = await send('PUT', at, body);
      expect([status, json.name, json.policies]).toEqual([200, name, policies]);
      expect([json.address, json.createdAt]).toEqual([made.address, made.createdAt]);
      expect(Date.parse(json.updatedAt)).toBeGreaterThanOrEqual(Date.parse(made.updatedAt));
    }
  });

  it.each([
    ['PUT', '', { accountPolicy: NOBODY }, 400, 'invalid_request'],
    ['PUT', '', { accountPolicy: 'none' }, 400, 'invalid_request'],
    ['PUT', '', { name: '' }, 400, 'invalid_request'],
    ['PUT', '', { name: null }, 400, 'invalid_request'],
    ['PUT', '', { label: 'x' }, 400, 'invalid_request'],
    ['POST', '/sign/message', {}, 400, 'invalid_request'],
    ['POST', '/sign/transaction', { transaction: 'AAAA' }, 400, 'malformed_transaction'],
    ['POST', '/sign/transaction', { transaction: '!' }, 400, 'malformed_transaction'],
  ])('refuses %s ...%s %j', async (method, rest, body, status, errorType) => {
    const { json } = await send('POST', path, {});
    const answer = await send(method, `${path}/${json.address}${rest}`, body);
    expect([answer.status, answer.json.errorType]).toEqual([status, errorType]);
    expect(answer.contentType).toBe('application/json');
  });

  it('answers a repeated request under its key with the same bytes', async () => {
    const made = await send('POST', path, { name: 'repeated' }, 'create');
    const at = `${path}/${made.json.address}`;
    const message = { message: 'once' };
    const updated = await send('PUT', at, { name: 'other' }, 'p');
    await send('PUT', at, { name: 'later', accountPolicy: policyId });
    for (const [first, again] of [
      [made, await send('POST', path, { name: 'repeated' }, 'create')],
      [
        await send('POST', `${at}/sign/message`, message, 's'),
        await send('POST', `${at}/sign/message`, message, 's'),
      ],
      [updated, await send('PUT', at, { name: 'other' }, 'p')],
    ] as const)
      expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect((await send('GET', at)).json).toMatchObject({ name: 'later', policies: [policyId] });
  });

  it('is not found under another name, address or spelling', async () => {
    const words = `${family} account with the given`;
    expect((await send('GET', `${path}/by-name/nobody`)).json.errorMessage).toBe(`${words} name not found.`);
    const nobody = family === 'EVM' ? `0x${'12'.repeat(20)}` : '1'.repeat(32);
    for (const [method, at, body] of [
      ['GET', `${path}/${nobody}`, undefined],
      ['PUT', `${path}/${nobody}`, { name: 'xx' }],
      ['POST', `${path}/${nobody}/sign/message`, { message: 'x' }],
    ] as const) {
      const { status, json } = await send(method, at, body);
      expect([status, json.errorType, json.errorMessage]).toEqual([
        404,
        'not_found',
        `${words} address not found.`,
      ]);
    }
    for (const wrong of ['0x12', 'nobody', `${nobody}0`.replace(/^1+0$/, '0OIl')])
      expect((await send('GET', `${path}/${wrong}`)).status).toBe(400);
  });
});

describe('an EVM address', () => {
  it('is shown in EIP-55 and taken in any case, to read, to change and to sign', async () => {
    const { address } = (await send('POST', EVM, {})).json;
    const lower = `${EVM}/${address.toLowerCase()}`;
    expect((await send('GET', lower)).json.address).toBe(address);
    expect((await send('PUT', lower, { name: 'lowered' })).json.address).toBe(address);
    for (const message of ['', '0x48656c6c6f', 'é <&> "\\ \n\t\u0001\u2028 😀']) {
      const { signature } = (await send('POST', `${lower}/sign/message`, { message })).json;
      expect(await recoverAddress({ hash: hashMessage(message), signature })).toBe(address);
    }
  });
});

describe('a smart account', () => {
  it('has no owner twice: the contract would never be deployed', async () => {
    const { address } = (await send('POST', EVM, {})).json;
    const body = { owners: [address, address.toLowerCase()] };
    const { status, json } = await send('POST', '/v2/evm/smart-accounts', body);
    expect([status, json.errorMessage]).toEqual([400, 'An account cannot be an owner twice.']);
  });
});

describe('a policy', () => {
  it('has an id that is taken in any case and shown in lower', async () => {
    const { json } = await send('POST', POLICIES, { scope: 'account', rules });
    const upper = json.id.toUpperCase();
    const at = `${POLICIES}/${upper}`;
    expect((await send('GET', at)).json).toEqual(json);
    expect((await send('PUT', at, { rules })).json.id).toBe(json.id);
    const { json: account } = await send('POST', EVM, { accountPolicy: upper });
    expect(account.policies).toEqual([json.id]);
    expect((await send('DELETE', at)).json.errorType).toBe('policy_in_use');
    const attached = await send('PUT', `${EVM}/${account.address}`, {
      accountPolicy: policyId.toUpperCase(),
    });
    expect(attached.json.policies).toEqual([policyId]);
    expect((await send('DELETE', at)).status).toBe(204);
  });

  it('is answered again as it was, under a key, and not changed again', async () => {
    const made = await send('POST', POLICIES, { scope: 'account', rules }, 'made');
    const at = `${POLICIES}/${made.json.id}`;
    const changed = await send('PUT', at, { description: 'First', rules }, 'changed');
    await send('PUT', at, { description: 'Second', rules });
    expect(await send('PUT', at, { description: 'First', rules }, 'changed')).toEqual(changed);
    expect((await send('GET', at)).json.description).toBe('Second');
    await send('DELETE', at, undefined, 'gone');
    expect(await send('POST', POLICIES, { scope: 'account', rules }, 'made')).toEqual(made);
    expect((await send('DELETE', at, undefined, 'gone')).status).toBe(204);
    expect((await send('GET', at)).status).toBe(404);
  });

  it('that is none is told what is wrong with it, and not what it said', async () => {
    const nearly = { action: 'accept', operation: 'signEvmMessage' };
    for (const [body, message] of [
      [{ scope: 'account' }, 'The request body has missing or unknown fields.'],
      [{ scope: 'secret', rules }, 'The field "scope" is invalid.'],
      [{ scope: 'account', rules: [] }, 'The field "rules" is invalid.'],
      [
        { scope: 'account', rules: [{ ...nearly, criteria: [{ type: 'evmMessage', match: 5 }] }] },
        'The field "rules.0.criteria.0.match" is invalid.',
      ],
    ] as const) {
      const { status, json } = await send('POST', POLICIES, body);
      expect([status, json.errorType, json.errorMessage]).toEqual([400, 'invalid_request', message]);
    }
  });

  it('is gone with 204 and nothing else, and then not found', async () => {
    const { json } = await send('POST', POLICIES, { scope: 'account', description: 'For a while', rules });
    expect(json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      scope: 'account',
      description: 'For a while',
      rules,
      createdAt: ISO,
      updatedAt: ISO,
    });
    const at = `${POLICIES}/${json.id}`;
    // As the PUT says: without a description there is none.
    expect(Object.keys((await send('PUT', at, { rules })).json)).not.toContain('description');
    expect(await send('DELETE', at)).toEqual({ status: 204, text: '', contentType: undefined, json: null });
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { rules }],
      ['DELETE', undefined],
    ] as const) {
      const { status, json: refused } = await send(method, at, body);
      expect([status, refused.errorType, refused.errorMessage]).toEqual([
        404,
        'not_found',
        'Policy not found.',
      ]);
    }
  });
});

describe('a wallet token', () => {
  async function create(forgery: Forgery, text: string) {
    const target = { method: 'POST', authority: new URL(project.baseUrl).host, path: EVM, body: text };
    const headers = {
      authorization: `Bearer ${bearerToken(project, target)}`,
      'content-type': 'application/json',
      'x-wallet-auth': walletToken(project, target, forgery),
    };
    return (await sendRaw(project.baseUrl, { method: 'POST', path: EVM, headers, body: text })).status;
  }
  const EMPTY_HASH = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
  const nowS = () => Math.floor(Date.now() / 1000);

  it.each([
    ['with a dashed id, as of the Python SDK', { claims: { jti: NOBODY } }, '{}'],
    ['without a hash, for {} and for nothing', {}, ''],
    ['with the hash of {}, as of the Rust SDK', { claims: { reqHash: EMPTY_HASH } }, '{}'],
    ['with the hash of {}, for nothing', { claims: { reqHash: EMPTY_HASH } }, ''],
    ['over a body with blanks and another order', {}, ' { "name" : "spaced" , "accountPolicy" : "ID" }\n'],
  ])('%s is taken', async (_how, forgery, text) => {
    expect(await create(forgery, text.replace('ID', policyId))).toBe(201);
  });

  it('of the near future is held until its time', async () => {
    const iat = nowS() + 3;
    expect(await create({ claims: { iat, nbf: iat } }, '{}')).toBe(201);
    expect(Date.now()).toBeGreaterThanOrEqual(iat * 1000);
  });
});
