import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newProject } from '../test/store/store-fixtures.ts';
import { startRecoveryNotifier } from './recovery-notifier.ts';
import { Secret } from './secrets.ts';
import { closeEngines, openEngines, openStore } from './store/open-store.ts';
import type { RecoveryEvent } from './store/recovery-notice-store.ts';
import type { Store } from './store/store.ts';

let directory: string;
let store: Store;
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'strongroom-notices-'));
  store = await openStore({ engine: 'sqlite', directory });
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await store.close();
  rmSync(directory, { recursive: true });
});

/** A webhook that answers with one status after the other, and the last one again; 0 stands for no answer at all. */
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
      if (status !== 0) outgoing.writeHead(status, { location: '/elsewhere' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { bodies, webhook: new Secret(`http://127.0.0.1:${port}/hook?token=needle`) };
}

function start(webhook: Secret | null, retryDelaysMs = [5, 5]) {
  const logged: string[] = [];
  const audit = {
    recovery: (event: RecoveryEvent) => void logged.push(event.event),
    recoveryNotToldOf: (_project: string, _recovery: string, outcome: string) => void logged.push(outcome),
    recoveryNoticesUnread: (code: string) => void logged.push(code),
  };
  const notifier = startRecoveryNotifier({
    webhook,
    audit,
    store: {
      takeUpRecoveryNotices: (...args) => store.takeUpRecoveryNotices(...args),
      removeRecoveryNotice: (notice) => store.removeRecoveryNotice(notice),
    },
    nowMs: Date.now,
    retryDelaysMs,
    pauseMs: 10,
  });
  closers.push(() => notifier.stop());
  return { notifier, logged };
}

/** A recovery that has durably started, told of by this notifier. */
async function startRecovery({ notifier }: ReturnType<typeof start>): Promise<RecoveryEvent> {
  const { rows, view, ...rest } = newProject();
  await store.addProject({ rows, view, ...rest });
  const event: RecoveryEvent = {
    event: 'recovery-started',
    projectId: Buffer.from(rows.projectId).toString('hex'),
    recoveryId: 'cd'.repeat(16),
    completableAt: '2026-01-01T00:00:00.000Z',
  };
  const authority = { ...rows.authority, version: 2 };
  const notice = notifier.noticeOf(event);
  await store.replaceAuthority(
    { projectId: rows.projectId, authority, view, policy: null, notice, changedAtMs: Date.now() },
    null,
  );
  return event;
}

/** How many notices the store keeps. */
async function kept(): Promise<number> {
  const engines = openEngines({ engine: 'sqlite', directory });
  try {
    const rows = await engines.primary.transaction((transaction) =>
      transaction.selectFrom('recovery_notice').select('event').execute(),
    );
    return rows.length;
  } finally {
    await closeEngines(engines);
  }
}

describe('the recovery webhook', () => {
  it('is told what the log is told, and no more', async () => {
    const { bodies, webhook } = await startWebhook(204);
    const started = start(webhook);
    const event = await startRecovery(started);
    started.notifier.notify(event);
    await expect.poll(() => bodies.map((body) => JSON.parse(body))).toEqual([event]);
    await expect.poll(kept).toBe(0);
    expect(started.logged).toEqual(['recovery-started']);
  });

  it('is told again until it takes it', async () => {
    const { bodies, webhook } = await startWebhook(500, 302, 200);
    const started = start(webhook);
    started.notifier.notify(await startRecovery(started));
    await expect.poll(() => bodies.length).toBe(3);
    await expect.poll(kept).toBe(0);
    expect(bodies).toHaveLength(3);
    expect(started.logged).toEqual(['recovery-started', 'will-retry', 'will-retry']);
  });

  it('is given up at last', async () => {
    const { bodies, webhook } = await startWebhook(500);
    const started = start(webhook);
    started.notifier.notify(await startRecovery(started));
    await expect.poll(() => started.logged.at(-1)).toBe('gave-up');
    expect(await kept()).toBe(0);
    expect(bodies).toHaveLength(3);
  });

  it('is told by the next start what a proxy did not live to tell', async () => {
    const silent = await startWebhook(0);
    const before = start(silent.webhook);
    const event = await startRecovery(before);
    before.notifier.notify(event);
    await expect.poll(() => silent.bodies.length).toBe(1);
    await before.notifier.stop();
    expect(await kept()).toBe(1);
    await store.close();
    store = await openStore({ engine: 'sqlite', directory });
    const { bodies, webhook } = await startWebhook(204);
    start(webhook);
    await expect.poll(() => bodies.map((body) => JSON.parse(body))).toEqual([event]);
  });

  it('is told once by two proxies', async () => {
    const { bodies, webhook } = await startWebhook(204);
    const both = [start(webhook, [60_000]), start(webhook, [60_000])] as const;
    const event = await startRecovery(both[0]);
    for (const { notifier } of both) notifier.notify(event);
    await expect.poll(() => bodies.length).toBe(1);
    await expect.poll(kept).toBe(0);
    expect(bodies).toHaveLength(1);
  });

  it('waits while the database is gone, and says why', async () => {
    const { bodies, webhook } = await startWebhook(204);
    const started = start(webhook);
    await startRecovery(started);
    await expect.poll(() => bodies.length).toBe(1);
    await store.close();
    await expect.poll(() => started.logged.includes('STORE_UNAVAILABLE')).toBe(true);
    store = await openStore({ engine: 'sqlite', directory });
    await startRecovery(started);
    await expect.poll(() => bodies.length).toBe(2);
  });

  it('need not be there, and then nothing is kept for it', async () => {
    const started = start(null);
    started.notifier.notify(await startRecovery(started));
    expect(await kept()).toBe(0);
    expect(started.logged).toEqual(['recovery-started']);
  });
});
