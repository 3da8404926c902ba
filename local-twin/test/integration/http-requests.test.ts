// Requests as no SDK makes them, under honest tokens, against enclave and proxy as processes of their own.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bearerToken } from '../support/forged-token.ts';
import {
  EVM,
  type Expected,
  type HandMadeRequests,
  openHandMadeRequests,
} from '../support/hand-made-requests.ts';
import { sendRaw } from '../support/raw-request.ts';

let requests: HandMadeRequests;

beforeAll(async () => {
  requests = await openHandMadeRequests();
});
afterAll(() => requests[Symbol.asyncDispose]());
afterEach(() => requests.expectNothingMade());

const NOT_JSON: Expected = [400, 'invalid_request', 'The request body is not valid JSON.'];
const NOT_FIELDS: Expected = [400, 'invalid_request', 'The request body has missing or unknown fields.'];
const NOT_NAME: Expected = [400, 'invalid_request', 'The field "name" is invalid.'];
const NOT_FOUND: Expected = [404, 'not_found'];
const NOT_ALLOWED: Expected = [405, 'invalid_request', 'The method is not allowed for this path.'];

describe('a creation with a body', () => {
  it.each<readonly [string, string, Expected, string]>([
    ['that ends early', '{"name":"never"', NOT_JSON, 'MALFORMED_JSON'],
    ['that goes on', '{"name":"never"}}', NOT_JSON, 'MALFORMED_JSON'],
    ['with a key twice', '{"name":"never","name":"never-2"}', NOT_JSON, 'MALFORMED_JSON'],
    ['with a key twice, once escaped', '{"name":"never","n\\u0061me":"never-2"}', NOT_JSON, 'MALFORMED_JSON'],
    ['with a byte order mark', '\ufeff{"name":"never"}', NOT_JSON, 'MALFORMED_JSON'],
    ['with a comment', '{"name":"never"/**/}', NOT_JSON, 'MALFORMED_JSON'],
    ['with a half of a character', '{"name":"\\ud800"}', NOT_JSON, 'MALFORMED_JSON'],
    ['of 100,000 open arrays', '['.repeat(100_000), NOT_JSON, 'MALFORMED_JSON'],
    ['of blanks', '   ', NOT_JSON, 'MALFORMED_JSON'],
    ['that is null', 'null', NOT_FIELDS, 'INVALID_REQUEST'],
    ['that is an empty array', '[]', NOT_FIELDS, 'INVALID_REQUEST'],
    ['that is a number', '7', NOT_FIELDS, 'INVALID_REQUEST'],
    ['with an unknown field', '{"name":"never","owner":"me"}', NOT_FIELDS, 'INVALID_REQUEST'],
    ['with a prototype', '{"__proto__":{"name":"never"}}', NOT_FIELDS, 'INVALID_REQUEST'],
    ['with a name that is a number', '{"name":1}', NOT_NAME, 'INVALID_REQUEST'],
    ['with a name that is null', '{"name":null}', NOT_NAME, 'INVALID_REQUEST'],
  ])('%s is refused', async (_what, body, expected, code) => {
    await requests.expectRefusal(await requests.send({ body }), expected, code);
  });

  it('of another content type is refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
      'application/json; charset="utf-16"',
      'application/jsonp',
    ]) {
      const answer = await requests.send({ body: '{}' }, { headers: { 'content-type': type } });
      const expected = [415, 'invalid_request', 'The content type must be application/json.'] as const;
      await requests.expectRefusal(answer, expected, 'UNSUPPORTED_MEDIA_TYPE');
    }
  });

  it.each([
    ['announced', {}],
    ['not announced', { 'transfer-encoding': 'chunked' }],
  ])('beyond the limit, %s, is refused', async (_how, headers: Record<string, string>) => {
    const body = JSON.stringify({ name: 'x'.repeat(512 * 1024) });
    const expected = [413, 'invalid_request', 'The request body is too large.'] as const;
    await requests.expectRefusal(await requests.send({ body }, { headers }), expected, 'PAYLOAD_TOO_LARGE');
  });

  it.each(['', 'with blanks', 'k'.repeat(129), 'ключ'])(
    'under the idempotency key "%s" is refused',
    async (key) => {
      const headers = { 'x-idempotency-key': Buffer.from(key).toString('latin1') };
      const answer = await requests.send({ body: '{}' }, { headers });
      await requests.expectRefusal(answer, [400, 'invalid_request'], 'INVALID_REQUEST');
    },
  );
});

describe('what clients spell in several ways', () => {
  it.each([
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'Application/JSON ; profile=x',
  ])('the content type %s is taken', async (type) => {
    const path = `${EVM}/${requests.address}/sign/message`;
    const answer = await requests.send(
      { path, body: '{"message":""}' },
      { headers: { 'content-type': type } },
    );
    expect(answer.status).toBe(200);
  });

  it('the scheme of the bearer token is taken in any case', async () => {
    const target = { method: 'GET', authority: requests.authority, path: EVM, body: '' };
    const headers = { authorization: `bEARER ${bearerToken(requests.mine, target)}` };
    expect((await requests.send({ method: 'GET' }, { bearer: null, headers })).status).toBe(200);
  });
});

describe('a signature', () => {
  it.each<readonly [string, object, Expected, string]>([
    ['sign', { hash: '0x00' }, [400, 'invalid_request', 'The field "hash" is invalid.'], 'INVALID_REQUEST'],
    ['sign', { message: 'x' }, NOT_FIELDS, 'INVALID_REQUEST'],
    ['sign/message', { message: 5 }, [400, 'invalid_request'], 'INVALID_REQUEST'],
    ...['0x02c0', '02c0', '0x2c0', 'hello', ''].map(
      (transaction): readonly [string, object, Expected, string] => [
        'sign/transaction',
        { transaction },
        [400, 'malformed_transaction', 'Malformed unsigned transaction.'],
        'MALFORMED_TRANSACTION',
      ],
    ),
    [
      'sign/typed-data',
      { domain: {}, types: {}, primaryType: 'A', message: {} },
      [400, 'invalid_request'],
      'INVALID_TYPED_DATA',
    ],
  ])('%s of %j is refused', async (path, body, expected, code) => {
    const target = { path: `${EVM}/${requests.address}/${path}`, body: JSON.stringify(body) };
    await requests.expectRefusal(await requests.send(target), expected, code);
  });

  it('of the longest message that fits is made', async () => {
    const body = JSON.stringify({ message: 'x'.repeat(512 * 1024 - '{"message":""}'.length) });
    const answer = await requests.send({ path: `${EVM}/${requests.address}/sign/message`, body });
    expect(answer.status).toBe(200);
  });

  it('for the account of another project is refused as for none at all', async () => {
    const { text } = await requests.send({ method: 'GET' }, { as: requests.theirs });
    const [{ address }] = JSON.parse(text).accounts;
    const expected = [404, 'not_found', 'EVM account with the given address not found.'] as const;
    for (const named of [address, `0x${'12'.repeat(20)}`]) {
      const answer = await requests.send({
        path: `${EVM}/${named}/sign`,
        body: `{"hash":"0x${'ab'.repeat(32)}"}`,
      });
      await requests.expectRefusal(answer, expected, 'NOT_FOUND');
    }
  });
});

describe('a path', () => {
  it.each<readonly [string, string, Expected, string]>([
    ['POST', '/v2/evm/%61ccounts', NOT_FOUND, 'NOT_FOUND'],
    ['POST', '/v2/evm/../evm/accounts', NOT_FOUND, 'NOT_FOUND'],
    ['GET', '/v2/./evm/accounts', NOT_FOUND, 'NOT_FOUND'],
    ['POST', '//v2/evm/accounts', NOT_FOUND, 'NOT_FOUND'],
    ['POST', `${EVM}/`, NOT_FOUND, 'NOT_FOUND'],
    ['POST', '/platform/platform/v2/evm/accounts', NOT_FOUND, 'NOT_FOUND'],
    ['PUT', '/v2/evm/accounts/{escaped}', NOT_FOUND, 'NOT_FOUND'],
    ['PUT', '/v2/evm/accounts/0X{digits}', [400, 'invalid_request'], 'INVALID_REQUEST'],
    ['GET', `${EVM}/by-name/%00`, NOT_FOUND, 'NOT_FOUND'],
    ['GET', '/v2/unknown', NOT_FOUND, 'NOT_FOUND'],
    ['DELETE', '/v2/evm/accounts/0x{digits}', NOT_ALLOWED, 'METHOD_NOT_ALLOWED'],
    ['PATCH', EVM, NOT_ALLOWED, 'METHOD_NOT_ALLOWED'],
    ['GET', `${EVM}?pageSize=-1`, [400, 'invalid_request'], 'INVALID_REQUEST'],
    ['GET', `${EVM}?pageToken=!`, [400, 'invalid_request'], 'INVALID_REQUEST'],
  ])('%s %s is refused', async (method, pattern, expected, code) => {
    const digits = requests.address.slice(2);
    const escaped = `0x%${digits.charCodeAt(0).toString(16)}${digits.slice(1)}`;
    const path = pattern.replace('{digits}', digits).replace('{escaped}', escaped);
    const body = method === 'GET' ? '' : '{"name":"never"}';
    const answer = await requests.send({ method, path, body });
    await requests.expectRefusal(answer, expected, code);
  });

  it('that has other methods names them', async () => {
    const answer = await requests.send({ method: 'DELETE', path: `${EVM}/${requests.address}` });
    expect([answer.status, answer.allow]).toEqual([405, 'GET, PUT']);
  });

  it('of a list is served with a content type and without a body, as the SDK asks', async () => {
    expect((await requests.send({ method: 'GET' })).status).toBe(200);
  });
});

describe('project creation', () => {
  it.each([
    ['/v2/enclave/project-nonces', '{}'],
    ['/v2/enclave/projects', '{"genesis":"AAAA"}'],
  ])('%s is closed to whoever has no enrolment token', async (path, body) => {
    for (const authorization of [
      undefined,
      'Bearer ',
      'Bearer wrong',
      `Basic ${requests.system.enrolmentToken}`,
    ]) {
      const headers = { 'content-type': 'application/json', ...(authorization && { authorization }) };
      const answer = await sendRaw(requests.system.baseUrl, { method: 'POST', path, headers, body });
      await requests.expectRefusal(answer, [401, 'unauthorized'], 'BEARER_REFUSED');
    }
  });

  it.each(['AAAA', 'not base64', Buffer.alloc(70_000).toString('base64')])(
    'refuses a genesis that is none (%#)',
    async (genesis) => {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${requests.system.enrolmentToken}`,
      };
      const body = JSON.stringify({ genesis });
      const answer = await sendRaw(requests.system.baseUrl, {
        method: 'POST',
        path: '/v2/enclave/projects',
        headers,
        body,
      });
      expect([answer.status, JSON.parse(answer.text).errorType]).toEqual([400, 'invalid_request']);
    },
  );
});

describe('what is hardly HTTP', () => {
  const post = `POST ${EVM} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;

  it.each([
    ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a Host that is none', 'GET /healthz HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n', 400],
    ['two lengths', `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a negative length', `${post}Content-Length: -3\r\n\r\n`, 400],
    ['headers without end', `${post}X: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a chunk that is none', `${post}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`, 400],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n', 405],
    ['an expectation of another kind', `${post}Expect: miracles\r\nContent-Length: 2\r\n\r\n{}`, 417],
    [
      'a target of another host',
      'GET http://evil.example/v2/evm/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      404,
    ],
    ['TRACE', 'TRACE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
  ])('%s is answered with %3$i, in JSON', async (_what, bytes, status) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const { errorType, errorMessage } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
    expect([typeof errorType, typeof errorMessage]).toEqual(['string', 'string']);
  });

  it('is no way to end the service, or to hold a connection', async () => {
    const { hostname, port } = new URL(requests.system.baseUrl);
    for (const bytes of [
      'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
      'nonsense\r\n\r\n',
      `${post}Expect: x\r\n\r\n`,
    ]) {
      const sockets = Array.from({ length: 20 }, () => connect(Number(port), hostname));
      for (const socket of sockets) socket.on('error', () => undefined).write(bytes);
      await sleep(50);
      for (const socket of sockets) socket.resetAndDestroy();
    }
    const held = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    held.resume().write('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(held, 'end');
    // It never ends its own half.
    held.on('error', () => undefined);
    const trickle = setInterval(() => held.write('x'), 100);
    await new Promise((resolve) => held.once('close', resolve));
    clearInterval(trickle);
    expect((await requests.send({ method: 'GET' })).status).toBe(200);
  });

  it('does not keep others from being served', async () => {
    const silent = Array.from({ length: 50 }, () =>
      connect(Number(new URL(requests.system.baseUrl).port), '127.0.0.1'),
    );
    for (const socket of silent) socket.write(`${post}Content-Length: 100\r\n\r\n{`);
    expect((await requests.send({ method: 'GET' })).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });
});

async function exchange(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(requests.system.baseUrl).port), '127.0.0.1');
  socket.setTimeout(5000, () => socket.destroy(new Error('the service did not answer')));
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.write(Buffer.from(bytes, 'latin1'));
  await once(socket, 'close');
  return answer;
}
