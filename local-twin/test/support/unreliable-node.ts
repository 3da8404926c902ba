import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What becomes of one request to a node. `hang`: it is never answered; `before`: the node does not get it; `after`: it acts, and its answer is lost. */
export type Fault = 'hang' | 'before' | 'after' | { readonly answer: unknown };

/** A JSON-RPC node behind a connection that a test can break. */
export interface UnreliableNode extends AsyncDisposable {
  readonly url: string;
  /** Methods in the order of their arrival. */
  readonly asked: readonly string[];
  /** Plans the fault of the next requests of a method; `times` null for all. */
  fail(method: string, fault: Fault, times?: number | null): void;
  heal(): void;
}

/** @param target the node's URL, asked anew for each request, so that it may move */
export async function startUnreliableNode(target: () => string): Promise<UnreliableNode> {
  const asked: string[] = [];
  const plans = new Map<string, { fault: Fault; left: number }>();

  function nextFault(method: string): Fault | null {
    const plan = plans.get(method);
    if (plan === undefined) return null;
    plan.left -= 1;
    if (plan.left <= 0) plans.delete(method);
    return plan.fault;
  }

  async function relay(body: string, outgoing: ServerResponse): Promise<void> {
    const { method, id } = JSON.parse(body) as { method: string; id: number };
    asked.push(method);
    const fault = nextFault(method);
    if (fault === 'hang') return;
    if (fault === 'before') return void outgoing.destroy();
    if (typeof fault === 'object' && fault !== null)
      return void outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, ...(fault.answer as object) }));
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(target(), { method: 'POST', headers, body });
    const answerBody = await answer.text();
    if (fault === 'after') return void outgoing.destroy();
    outgoing.writeHead(answer.status, headers).end(answerBody);
  }

  const server = createServer((incoming, outgoing) => {
    text(incoming)
      .then((body) => relay(body, outgoing))
      .catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    fail(method, fault, times = 1) {
      plans.set(method, { fault, left: times ?? Number.POSITIVE_INFINITY });
    },
    heal: () => plans.clear(),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
