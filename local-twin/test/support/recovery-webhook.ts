import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecoveryEvent } from '../../../parent-proxy/src/store/recovery-notice-store.ts';

export interface RecoveryWebhook extends AsyncDisposable {
  readonly url: string;
  /** What it was told of one project, once that is so much: in the order of arrival, repeated events too. @throws Error after 20 s */
  toldOf(projectId: Uint8Array, atLeast: number): Promise<readonly RecoveryEvent[]>;
}

const PATIENCE_MS = 20_000;

/** What an operator has who is told of recoveries: it takes every event. */
export async function startRecoveryWebhook(): Promise<RecoveryWebhook> {
  const events: RecoveryEvent[] = [];
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      events.push(JSON.parse(body));
      outgoing.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async toldOf(projectId, atLeast) {
      const project = Buffer.from(projectId).toString('hex');
      const told = () => events.filter((event) => event.projectId === project);
      for (const endMs = Date.now() + PATIENCE_MS; told().length < atLeast; await sleep(50))
        if (Date.now() > endMs) throw new Error(`the webhook is told ${told().length} times of ${atLeast}`);
      return told();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
