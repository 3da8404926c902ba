import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Hex } from 'viem';

/** What a paymaster was asked, as it came over the wire. */
interface Question {
  readonly method: string;
  readonly params: readonly [Record<string, Hex>, string, string, unknown];
}

/** An ERC-7677 paymaster service. */
export interface FakePaymaster extends AsyncDisposable {
  readonly url: string;
  /** As the operator allows it. */
  readonly host: string;
  readonly asked: readonly Question[];
  /** Refuses the next question, or redirects it. */
  failNext(fault: 'refuse' | 'redirect'): void;
}

export const STUB_DATA: Hex = `0x${'cc'.repeat(20)}00`;
export const SPONSOR_DATA: Hex = `0x${'cc'.repeat(20)}01`;

export async function startFakePaymaster(): Promise<FakePaymaster> {
  const asked: Question[] = [];
  let fault: 'refuse' | 'redirect' | null = null;
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      const { id, method, params } = JSON.parse(body) as Question & { id: number };
      asked.push({ method, params });
      const isStub = method === 'pm_getPaymasterStubData';
      const result = { paymasterAndData: isStub ? STUB_DATA : SPONSOR_DATA };
      const answer = fault === 'refuse' ? { error: { code: -32_001, message: 'no more' } } : { result };
      if (fault === 'redirect') outgoing.writeHead(307, { location: 'http://169.254.169.254/' });
      fault = null;
      outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/rpc?key=secret`,
    host,
    asked,
    failNext(next) {
      fault = next;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
