import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { type ProxyFixture, startFixture } from '../proxy-fixture.ts';
import { newAccount, randomAddress } from '../store/store-fixtures.ts';

const EVM = '/v2/evm/accounts';
let fixture: ProxyFixture;
let store: Store;

beforeAll(async () => {
  fixture = await startFixture();
  store = fixture.store;
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

async function create(body: object = {}, headers: Record<string, string> = {}) {
  return await fixture.send('POST', EVM, { body: JSON.stringify(body), headers });
}

describe('POST /v2/evm/accounts', () => {
  it('answers what the enclave answered, once the account is stored', async () => {
    const { status, json, headers } = await create({ name: 'created' });
    expect(status).toBe(201);
    expect(json.name).toBe('created');
    expect(headers.get('strongroom-account-certificate')).toBe(Buffer.from([7]).toString('base64'));
    const stored = await store.findAccount({
      projectId: fixture.projectId,
      family: 'evm',
      address: json.address,
    });
    expect(stored?.name).toBe('created');
  });

  it('needs no body', async () => {
    const { status } = await fixture.send('POST', EVM);
    expect(status).toBe(201);
  });

  it('gives a name once, also to 20 at a time', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => create({ name: 'popular' })));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = replies.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(19);
    for (const { json } of refused) {
      expect(json).toMatchObject({
        errorType: 'already_exists',
        errorMessage: 'EVM account with the given name already exists.',
        correlationId: expect.any(String),
      });
    }
  });

  it("passes the enclave's refusal on, with the request's name", async () => {
    const { status, json } = await fixture.send('POST', EVM, { body: '{}', walletToken: null });
    expect(status).toBe(401);
    expect(json).toEqual({
      errorType: 'unauthorized',
      errorMessage: 'Wallet authentication error.',
      correlationId: expect.any(String),
    });
    expect(fixture.logLines.join('')).toContain(`"${json.correlationId}","code":"WALLET_TOKEN_MISSING"`);
  });

  it('refuses a wallet token that is too long to be one', async () => {
    const { status, json } = await fixture.send('POST', EVM, { body: '{}', walletToken: 'a'.repeat(4097) });
    expect([status, json.errorMessage]).toEqual([401, 'Wallet authentication error.']);
  });
});

describe('GET /v2/evm/accounts', () => {
  it('gets an account by address of any case and by name', async () => {
    const { json: created } = await create({ name: 'findable' });
    const upper = `0x${created.address.slice(2).toUpperCase()}`;
    const found = [
      await fixture.send('GET', `${EVM}/${created.address}`),
      await fixture.send('GET', `${EVM}/${upper}`),
      await fixture.send('GET', `${EVM}/by-name/findable`),
    ];
    for (const { status, json, headers } of found) {
      expect(status).toBe(200);
      expect(json).toMatchObject({ address: created.address, name: 'findable', policies: [] });
      expect(new Date(json.createdAt).toISOString()).toBe(json.createdAt);
      expect(headers.get('strongroom-account-certificate')).toBe('Bw==');
    }
  });

  it.each([
    [`${EVM}/${randomAddress()}`, 404, 'not_found', 'EVM account with the given address not found.'],
    [`${EVM}/by-name/nobody`, 404, 'not_found', 'EVM account with the given name not found.'],
    [
      `${EVM}/0x123`,
      400,
      'invalid_request',
      'string doesn\'t match the regular expression "^0x[0-9a-fA-F]{40}$".',
    ],
  ])('%s -> %i', async (path, status, errorType, errorMessage) => {
    const reply = await fixture.send('GET', path);
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject({ errorType, errorMessage });
  });

  it('lists page by page', async () => {
    await using own = await startFixture();
    for (let i = 0; i < 5; i += 1)
      await own.store.addAccount(newAccount(own.projectId, { createdAtMs: i }), null);
    const first = await own.send('GET', `${EVM}?pageSize=3`);
    expect(first.json.accounts).toHaveLength(3);
    const second = await own.send('GET', `${EVM}?pageSize=3&pageToken=${first.json.nextPageToken}`);
    expect(second.json.accounts).toHaveLength(2);
    expect(second.json).not.toHaveProperty('nextPageToken');
    const seen = [...first.json.accounts, ...second.json.accounts].map(({ address }) => address);
    expect(new Set(seen).size).toBe(5);
    expect((await own.send('GET', EVM)).json.accounts).toHaveLength(5);
  });

  it.each([
    'pageSize=0',
    'pageSize=-1',
    'pageSize=x',
    'pageSize=1.5',
    'pageToken=AAAA',
    'pageToken=%F0%9F%98%80',
  ])('refuses %s', async (query) => {
    const { status, json } = await fixture.send('GET', `${EVM}?${query}`);
    expect([status, json.errorType]).toEqual([400, 'invalid_request']);
  });
});

describe('PUT /v2/evm/accounts/{address}', () => {
  it('replaces the record and shows the new name', async () => {
    const { json: created } = await create({ name: 'old-name' });
    const updated = await fixture.send('PUT', `${EVM}/${created.address}`, { body: '{"name":"new-name"}' });
    expect([updated.status, updated.json.name]).toEqual([200, 'new-name']);
    expect(updated.headers.get('strongroom-account-certificate')).toBe('CA==');
    expect((await fixture.send('GET', `${EVM}/by-name/new-name`)).json.address).toBe(created.address);
    expect((await fixture.send('GET', `${EVM}/by-name/old-name`)).status).toBe(404);
  });

  it('refuses a name that is taken', async () => {
    await create({ name: 'taken' });
    const { json: created } = await create();
    const { status, json } = await fixture.send('PUT', `${EVM}/${created.address}`, {
      body: '{"name":"taken"}',
    });
    expect([status, json.errorType]).toEqual([409, 'already_exists']);
  });

  it('lets one of two updates at a time through', async () => {
    const { json: created } = await create();
    const both = await Promise.all(
      ['one-a', 'one-b'].map((name) =>
        fixture.send('PUT', `${EVM}/${created.address}`, { body: JSON.stringify({ name }) }),
      ),
    );
    const statuses = both.map(({ status }) => status).toSorted((a, b) => a - b);
    expect([
      [200, 200],
      [200, 409],
    ]).toContainEqual(statuses);
    const stored = await store.findAccount({
      projectId: fixture.projectId,
      family: 'evm',
      address: created.address,
    });
    expect(stored?.record.version).toBe(statuses[1] === 200 ? 3 : 2);
  });

  it('knows no account of nobody', async () => {
    expect((await fixture.send('PUT', `${EVM}/${randomAddress()}`, { body: '{}' })).status).toBe(404);
  });
});

describe('POST .../sign', () => {
  it.each(['sign', 'sign/message', 'sign/typed-data', 'sign/transaction'])(
    '%s sends the enclave the request as it came',
    async (action) => {
      const { json: created } = await create();
      const body = '{ "b":1,\n"a":"\\u00e9" }';
      for (const prefix of ['', '/platform']) {
        const path = `${prefix}${EVM}/${created.address.toLowerCase()}/${action}`;
        const { status, json } = await fixture.send('POST', path, { body });
        expect(status).toBe(200);
        expect(json).toEqual({ path, body, account: { address: created.address, version: 1 } });
      }
    },
  );

  it('refuses addresses that are none or are not there', async () => {
    const sign = (address: string) => fixture.send('POST', `${EVM}/${address}/sign`, { body: '{}' });
    expect((await sign('0xzz')).status).toBe(400);
    const { status, json } = await sign(randomAddress());
    expect([status, json.errorMessage]).toEqual([404, 'EVM account with the given address not found.']);
  });

  it('reads the rows again when the enclave has seen newer ones', async () => {
    const account = newAccount(fixture.projectId, { record: { version: 1, sealed: Buffer.from('{}') } });
    await store.addAccount(account, null);
    const versions: number[] = [];
    fixture.enclave.override({
      'sign-evm-hash': async ({ rows }) => {
        versions.push(rows.account.version);
        if (rows.account.version > 1) return { status: 200, body: Buffer.from('{}') };
        const record = { version: 2, sealed: randomBytes(9) };
        await store.replaceAccount({ ...account, record }, null);
        throw new OperationError('RECORD_OLDER_VERSION');
      },
    });
    const { status } = await fixture.send('POST', `${EVM}/${account.address}/sign`, { body: '{}' });
    expect([status, versions]).toEqual([200, [1, 2]]);
  });

  it('gives up when the store itself is behind', async () => {
    const { json: created } = await create();
    fixture.enclave.override({
      'sign-evm-message': () => {
        throw new OperationError('RECORD_OLDER_VERSION');
      },
    });
    const path = `${EVM}/${created.address}/sign/message`;
    const { status, json } = await fixture.send('POST', path, { body: '{}' });
    expect([status, json.errorType]).toEqual([500, 'internal_server_error']);
    expect(json.correlationId).toEqual(expect.any(String));
  });
});
