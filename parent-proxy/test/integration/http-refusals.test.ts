import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addProject, bearerToken, type ProxyFixture, startFixture } from '../proxy-fixture.ts';
import { newAccount } from '../store/store-fixtures.ts';

const EVM = '/v2/evm/accounts';
let fixture: ProxyFixture;
let authority: string;

beforeAll(async () => {
  fixture = await startFixture();
  authority = fixture.url.slice('http://'.length);
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** Writes raw bytes to the service and returns all that comes back. */
async function exchange(text: string): Promise<string> {
  const socket = connect(fixture.proxy.port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  socket.setTimeout(3000, () => socket.destroy());
  await once(socket, 'close');
  return answer;
}

describe('a bearer token', () => {
  const unauthorized = {
    errorType: 'unauthorized',
    errorMessage: 'The request is not properly authenticated.',
  };
  const uri = (path = EVM) => `GET ${authority}${path}`;
  const refusals: readonly (readonly [string, () => string | null])[] = [
    ['missing', () => null],
    ['empty', () => ''],
    ['no token', () => 'abc'],
    ['for another path', () => bearerToken(fixture.apiKey, uri(`${EVM}/other`))],
    ['for another method', () => bearerToken(fixture.apiKey, `POST ${authority}${EVM}`)],
    ['for another authority', () => bearerToken(fixture.apiKey, `GET api.cdp.coinbase.com${EVM}`)],
    ['over the query', () => bearerToken(fixture.apiKey, uri(`${EVM}?pageSize=1`))],
    ['expired', () => bearerToken(fixture.apiKey, uri(), { nbf: 1000, exp: 1100 })],
    ['of an unknown key', () => bearerToken({ ...fixture.apiKey, id: 'unknown' }, uri())],
    ['too long', () => bearerToken(fixture.apiKey, uri(), { padding: 'x'.repeat(4096) })],
  ];

  it.each(refusals)('%s is refused', async (_what, token) => {
    const { status, json } = await fixture.send('GET', EVM, { bearer: token() });
    expect(status).toBe(401);
    expect(json).toMatchObject(unauthorized);
  });

  it('signed by another key of the same id is refused', async () => {
    const { apiKey: other } = await addProject(fixture.store);
    const bearer = bearerToken({ id: fixture.apiKey.id, privateKey: other.privateKey }, uri());
    expect((await fixture.send('GET', EVM, { bearer })).status).toBe(401);
  });

  it('of a key that has expired, or is used from elsewhere, is refused', async () => {
    const replyTo = async (changes: Parameters<typeof addProject>[1]) => {
      const { apiKey } = await addProject(fixture.store, changes);
      return (await fixture.send('GET', EVM, { bearer: bearerToken(apiKey, uri()) })).status;
    };
    expect(await replyTo({ expiresAtMs: Date.now() - 1 })).toBe(401);
    expect(await replyTo({ expiresAtMs: Date.now() + 60_000 })).toBe(200);
    expect(await replyTo({ allowedIps: ['192.0.2.0/24'] })).toBe(401);
    expect(await replyTo({ allowedIps: ['192.0.2.0/24', '127.0.0.0/8'] })).toBe(200);
  });

  it("shows one project's accounts to no other", async () => {
    const account = newAccount(fixture.projectId);
    await fixture.store.addAccount(account, null);
    const { apiKey } = await addProject(fixture.store);
    const path = `${EVM}/${account.address}`;
    const bearer = bearerToken(apiKey, uri(path));
    expect((await fixture.send('GET', path, { bearer })).status).toBe(404);
    expect((await fixture.send('GET', path)).status).toBe(200);
  });

  it('sent twice is refused', async () => {
    const header = `Authorization: Bearer ${bearerToken(fixture.apiKey, uri())}\r\n`;
    const head = `GET ${EVM} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n`;
    expect(await exchange(`${head}${header}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await exchange(`${head}${header}${header}\r\n`)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('is asked for before a body is read', async () => {
    const reply = await exchange(
      `POST ${EVM} HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('a request that is none', () => {
  it.each([
    ['GET', '/', 404, 'not_found'],
    ['GET', '/v2/evm/account', 404, 'not_found'],
    ['GET', `${EVM}/`, 404, 'not_found'],
    ['GET', '/v2/solana/faucet', 404, 'not_found'],
    ['POST', '/healthz', 405, 'invalid_request'],
    ['DELETE', `/platform${EVM}/0x${'ab'.repeat(20)}`, 405, 'invalid_request'],
    ['PUT', `${EVM}/0x${'ab'.repeat(20)}/sign`, 405, 'invalid_request'],
  ])('%s %s -> %i', async (method, path, status, errorType) => {
    const reply = await fixture.send(method, path);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-type')).toBe('application/json');
    expect(reply.json).toMatchObject({
      errorType,
      errorMessage: expect.any(String),
      correlationId: expect.any(String),
    });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', ''])(
    'with content type "%s" is refused',
    async (contentType) => {
      const { status, json } = await fixture.send('POST', EVM, {
        body: '{}',
        headers: { 'content-type': contentType },
      });
      expect([status, json.errorType]).toEqual([415, 'invalid_request']);
    },
  );

  it('with a body above 512 KiB is refused, with and without a length', async () => {
    const body = `{"name":"${'a'.repeat(512 * 1024)}"}`;
    const declared = await fixture.send('POST', EVM, { body });
    expect([declared.status, declared.json.errorType]).toEqual([413, 'invalid_request']);
    const token = bearerToken(fixture.apiKey, `POST ${authority}${EVM}`);
    const head = `POST ${EVM} HTTP/1.1\r\nHost: ${authority}\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
    expect(await exchange(head + chunk.repeat(9))).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    ['no Host header', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['too many headers', `GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['a broken target', 'GET http:// HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a wish that nobody knows', 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n'],
    ['a wish for a tunnel', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('with %s gets an answer that the log names', async (_what, text) => {
    const reply = await exchange(text);
    expect(reply).toMatch(/^HTTP\/1\.1 4(00|05|17|31) /);
    const { correlationId, errorType } = JSON.parse(reply.slice(reply.indexOf('\r\n\r\n')));
    expect(errorType).toBe('invalid_request');
    expect(fixture.logLines.filter((line) => line.includes(`"${correlationId}"`))).toHaveLength(1);
  });

  it('of a client that hangs up in the middle leaves the service working', async () => {
    const token = bearerToken(fixture.apiKey, `POST ${authority}${EVM}`);
    const socket = connect(fixture.proxy.port, '127.0.0.1');
    socket.write(
      `POST ${EVM} HTTP/1.1\r\nHost: ${authority}\r\nAuthorization: Bearer ${token}\r\nContent-Length: 10\r\n\r\n{`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect((await fixture.send('GET', '/healthz')).status).toBe(200);
  });
});

describe('answers', () => {
  it('with GET and a content type but no body are made', async () => {
    expect((await fixture.send('GET', EVM)).status).toBe(200);
  });

  it('to HEAD have no body', async () => {
    const response = await fetch(`${fixture.url}/healthz`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('to the SDK asking for a paymaster token are plain text', async () => {
    const { status, text, headers } = await fixture.send('GET', '/apikeys/v1/tokens/active', {
      bearer: null,
    });
    expect([status, headers.get('content-type')]).toEqual([404, 'text/plain']);
    expect(text).not.toMatch(/^[{"]/);
  });

  it('hold no trace of the input, nor does the log', async () => {
    const secret = `needle${randomBytes(8).toString('hex')}`;
    const requests = [
      fixture.send('POST', EVM, { body: `{"name":"${secret}`, walletToken: secret }),
      fixture.send('POST', EVM, { body: `{"name":"${secret}"}`, walletToken: secret, bearer: secret }),
      fixture.send('GET', `${EVM}/${secret}`),
      fixture.send('GET', `${EVM}?pageToken=${secret}`),
      fixture.send('POST', EVM, { body: secret, headers: { 'x-idempotency-key': 'key-1' } }),
      fixture.send('POST', '/v2/enclave/projects', { body: `{"genesis":"${secret}"}`, bearer: secret }),
    ];
    for (const { text, status } of await Promise.all(requests)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain(secret);
    }
    expect(fixture.logLines.join('')).not.toContain(secret);
    expect(fixture.logLines.join('')).toContain('request-refused');
  });
});
