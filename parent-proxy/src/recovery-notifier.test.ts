import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecoveryEvent } from './audit-events.ts';
import { createRecoveryNotifier } from './recovery-notifier.ts';
import { Secret } from './secrets.ts';

const EVENT: RecoveryEvent = {
  event: 'recovery-started',
  projectId: 'ab'.repeat(32),
  recoveryId: 'cd'.repeat(16),
  completableAt: '2026-01-01T00:00:00.000Z',
};
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A webhook that answers with one status after the other, and the last one again. */
async function startWebhook(...statuses: number[]) {
  const bodies: string[] = [];
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const status = statuses[Math.min(bodies.length, statuses.length - 1)] as number;
      bodies.push(body);
      outgoing.writeHead(status, { location: '/elsewhere' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { bodies, webhook: new Secret(`http://127.0.0.1:${port}/hook?token=needle`) };
}

function start(webhook: Secret | null, retryDelaysMs = [5, 5]) {
  const logged: unknown[][] = [];
  const audit = {
    recovery: (event: RecoveryEvent) => void logged.push([event.event]),
    recoveryNotToldOf: (_project: string, _recovery: string, outcome: string) => void logged.push([outcome]),
  };
  const notifier = createRecoveryNotifier({ webhook, audit, retryDelaysMs });
  closers.push(() => notifier.stop());
  return { notifier, logged };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue() && tries < 200; tries++) await sleep(10);
}

describe('the recovery webhook', () => {
  it('is told what the log is told, and no more', async () => {
    const { bodies, webhook } = await startWebhook(204);
    const { notifier, logged } = start(webhook);
    notifier.notify(EVENT);
    await until(() => bodies.length > 0);
    expect(bodies.map((body) => JSON.parse(body))).toEqual([EVENT]);
    expect(logged).toEqual([['recovery-started']]);
  });

  it('is told again until it takes it', async () => {
    const { bodies, webhook } = await startWebhook(500, 302, 200);
    const { notifier, logged } = start(webhook);
    notifier.notify(EVENT);
    await until(() => bodies.length === 3);
    await sleep(30);
    expect(bodies).toHaveLength(3);
    expect(logged).toEqual([['recovery-started'], ['will-retry'], ['will-retry']]);
  });

  it('is given up at last, and not tried after the proxy has stopped', async () => {
    const { bodies, webhook } = await startWebhook(500);
    const { notifier, logged } = start(webhook);
    notifier.notify(EVENT);
    await until(() => logged.length === 4);
    expect(logged.at(-1)).toEqual(['gave-up']);
    const stopped = start(webhook, [20]);
    stopped.notifier.notify(EVENT);
    await until(() => stopped.logged.length === 2);
    stopped.notifier.stop();
    expect(stopped.logged.at(-1)).toEqual(['gave-up']);
    await sleep(60);
    expect(bodies).toHaveLength(4);
  });

  it('need not be there', () => {
    const { notifier, logged } = start(null);
    notifier.notify(EVENT);
    expect(logged).toEqual([['recovery-started']]);
  });
});
