import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecoveryEvent } from '../../../parent-proxy/src/store/recovery-notice-store.ts';

export interface RecoveryWebhook extends AsyncDisposable {
  readonly url: string;
  /** In the order of their arrival, repeated ones too. */
  readonly events: readonly RecoveryEvent[];
}

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
    events,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
