import { OperationError } from '@strongroom/shared/channel/operation-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addProject, bearerToken, type ProxyFixture, startFixture } from '../proxy-fixture.ts';

const EVM = '/v2/evm/accounts';
let fixture: ProxyFixture;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const withKey = (key: string, body: string, path = EVM) =>
  fixture.send('POST', path, { body, headers: { 'x-idempotency-key': key } });
const createdBy = () => fixture.enclave.calls.filter((name) => name === 'create-evm-account').length;

describe('a create under an idempotency key', () => {
  it('makes one account, however often it is repeated and however it is spelled', async () => {
    const first = await withKey('key-a', '{"name":"once-only"}');
    expect(first.status).toBe(201);
    const before = createdBy();
    for (const spelling of ['{"name":"once-only"}', '{ "name" :\n"once-only" }']) {
      const again = await withKey('key-a', spelling);
      expect([again.status, again.json.address]).toEqual([201, first.json.address]);
      expect(again.headers.get('strongroom-account-certificate')).toBe('Bw==');
    }
    // The enclave saw each repetition: no stored answer takes the place of the wallet token.
    expect(createdBy()).toBe(before + 2);
  });

  it('is refused with another payload', async () => {
    await withKey('key-b', '{"name":"name-b"}');
    const { status, json } = await withKey('key-b', '{"name":"other-b"}');
    expect([status, json.errorType]).toEqual([422, 'idempotency_error']);
  });

  it('is refused while the first is in work', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const own = await startFixture();
    own.enclave.override({
      'create-evm-account': async () => {
        await held;
        throw new OperationError('WALLET_TOKEN_SIGNATURE');
      },
    });
    const first = own.send('POST', EVM, { body: '{}', headers: { 'x-idempotency-key': 'key-c' } });
    await expect.poll(() => own.enclave.calls).toContain('create-evm-account');
    const second = await own.send('POST', EVM, { body: '{}', headers: { 'x-idempotency-key': 'key-c' } });
    expect([second.status, second.json.errorMessage]).toEqual([
      409,
      'Another request with the same idempotency key is currently processing.',
    ]);
    release();
    expect((await first).status).toBe(401);
    await own[Symbol.asyncDispose]();
  });

  it('can be repeated after it was refused', async () => {
    const refused = await fixture.send('POST', EVM, {
      body: '{}',
      walletToken: null,
      headers: { 'x-idempotency-key': 'key-d' },
    });
    expect(refused.status).toBe(401);
    expect((await withKey('key-d', '{}')).status).toBe(201);
  });

  it('asks for the wallet token each time', async () => {
    await withKey('key-e', '{}');
    fixture.enclave.override({
      'create-evm-account': () => {
        throw new OperationError('WALLET_TOKEN_SIGNATURE');
      },
    });
    expect((await withKey('key-e', '{}')).status).toBe(401);
    fixture.enclave.override({ 'create-evm-account': undefined as never });
  });

  it('is of one project: another may use the same key', async () => {
    await withKey('key-f', '{"name":"name-f"}');
    const { apiKey } = await addProject(fixture.store);
    const bearer = bearerToken(apiKey, `POST ${fixture.url.slice('http://'.length)}${EVM}`);
    const other = await fixture.send('POST', EVM, {
      body: '{"name":"f2"}',
      bearer,
      headers: { 'x-idempotency-key': 'key-f' },
    });
    expect(other.status).toBe(201);
  });

  it.each(['', 'a b', 'x'.repeat(129), 'é'])('refuses the key "%s"', async (key) => {
    const { status, json } = await withKey(key, '{}');
    expect([status, json.errorType]).toEqual([400, 'invalid_request']);
  });

  it('refuses a body that is not JSON', async () => {
    const { status, json } = await withKey('key-g', '{"a":1,"a":2}');
    expect([status, json.errorType]).toEqual([400, 'invalid_request']);
  });
});

describe('a signing request under an idempotency key', () => {
  it('is executed again each time, and refused with another payload', async () => {
    const { json } = await fixture.send('POST', EVM, { body: '{}' });
    const path = `${EVM}/${json.address}/sign`;
    const answers = [
      await withKey('key-s', '{"hash":"0x1"}', path),
      await withKey('key-s', '{"hash":"0x1"}', path),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(fixture.enclave.calls.filter((name) => name === 'sign-evm-hash')).toHaveLength(2);
    expect((await withKey('key-s', '{"hash":"0x2"}', path)).status).toBe(422);
    expect((await withKey('key-s', '{"hash":"0x2"}', `/platform${path}`)).status).toBe(422);
  });
});
