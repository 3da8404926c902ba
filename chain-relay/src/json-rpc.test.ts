import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { createEndpoints } from './endpoints.ts';
import { createJsonRpc } from './json-rpc.ts';
import { RelayError } from './relay-error.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function nodeThat(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-key`;
}
const answering = (body: string, status = 200) =>
  nodeThat((_request, answer) => answer.writeHead(status).end(body));
const ask = (url: string, timeoutMs = 2000) => createJsonRpc(url, timeoutMs).call('method', [], v.string());
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('the answer of a node', () => {
  it('is read when it is what the method gives', async () => {
    expect(await ask(await answering('{"jsonrpc":"2.0","id":1,"result":"0x1"}'))).toBe('0x1');
  });

  it.each([
    ['no JSON', 'not json'],
    ['nothing', ''],
    ['no object', '[]'],
    ['of another type', '{"result":7}'],
    ['an error without a code', '{"error":{"message":"x"}}'],
    ['too large', `{"result":"${'x'.repeat(5_000_000)}"}`],
  ])('that is %s is refused', async (_name, body) => {
    await expect(ask(await answering(body))).rejects.toThrow(code('NODE_ANSWER_REFUSED'));
  });

  it.each([429, 502, 503])('of status %d is none', async (status) => {
    await expect(ask(await answering('{"result":"0x1"}', status))).rejects.toThrow(code('NODE_UNREACHABLE'));
  });

  it('that does not come, breaks off or leads elsewhere is none', async () => {
    await expect(ask(await nodeThat(() => undefined), 100)).rejects.toThrow(code('NODE_UNREACHABLE'));
    await expect(ask(await nodeThat((_request, answer) => answer.destroy()))).rejects.toThrow(
      code('NODE_UNREACHABLE'),
    );
    const elsewhere = await nodeThat((_request, answer) => answer.writeHead(302, { location: '/' }).end());
    await expect(ask(elsewhere)).rejects.toThrow(code('NODE_UNREACHABLE'));
    await expect(ask('http://127.0.0.1:1/')).rejects.toThrow(code('NODE_UNREACHABLE'));
  });

  it('that refuses keeps its words to itself', async () => {
    const url = await answering('{"error":{"code":-32000,"message":"nonce too low"}}');
    const refused = await ask(url).catch((error: Error) => error);
    expect(refused).toMatchObject({ message: 'NODE_REFUSAL', nodeMessage: 'nonce too low' });
    const failed = await ask('http://127.0.0.1:1/secret-key').catch((error: Error) => error);
    expect(String(failed)).not.toContain('secret-key');
  });
});

describe('endpoints', () => {
  const right = async () => undefined;

  it('are asked in order until one answers', async () => {
    const urls = [
      await answering('', 503),
      await answering('{"result":"second"}'),
      await answering('{"result":"third"}'),
    ];
    expect(await createEndpoints(urls, right).call('m', [], v.string())).toBe('second');
  });

  it('of another chain are skipped, and asked again later', async () => {
    const urls = [await answering('{"result":"wrong"}'), await answering('{"result":"right"}')];
    let asked = 0;
    const endpoints = createEndpoints(urls, async (rpc) => {
      asked += 1;
      if ((await rpc.call('id', [], v.string())) !== 'right') throw new RelayError('WRONG_CHAIN');
    });
    for (let i = 0; i < 3; i += 1) expect(await endpoints.call('m', [], v.string())).toBe('right');
    expect(asked).toBe(4);
    const wrong = createEndpoints(urls.slice(0, 1), () => Promise.reject(new RelayError('WRONG_CHAIN')));
    await expect(wrong.call('m', [], v.string())).rejects.toThrow(code('WRONG_CHAIN'));
  });

  it('that refuse are believed: the next one is not asked to disagree', async () => {
    const urls = [
      await answering('{"error":{"code":-32000,"message":"no"}}'),
      await answering('{"result":"yes"}'),
    ];
    await expect(createEndpoints(urls, right).call('m', [], v.string())).rejects.toThrow('NODE_REFUSAL');
  });
});
