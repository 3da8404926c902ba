// What a parent learns from the enclave's events and metrics, and what it can do with asking for them.
import { getMetrics } from '@strongroom/shared/operations/get-metrics';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { MAX_EVENTS_PER_READ, readEvents } from '@strongroom/shared/operations/read-events';
import { isOperationName } from '@strongroom/shared/operations/registry';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { encodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLabAccount, createLabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { TWIN_CREDENTIALS } from '../../src/system/twin-configuration.ts';

const HASH = `0x${'ab'.repeat(32)}`;
let lab: Laboratory;
let enclave: LabEnclave;
let project: Awaited<ReturnType<typeof createLabProject>>;
let account: Awaited<ReturnType<typeof createLabAccount>>;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  project = await createLabProject(enclave);
  account = await createLabAccount(enclave, project);
});
afterAll(() => lab[Symbol.asyncDispose]());

function sign(walletKey = account.rows.walletKey): Promise<unknown> {
  const path = `/v2/evm/accounts/${account.address}/sign`;
  const client = signedRequest(project, { path, body: { hash: HASH } });
  return enclave
    .call(signEvmHash, { client, project: project.rows, rows: { ...account.rows, walletKey } })
    .catch((error: { code: string }) => error.code);
}

async function allEvents(after = 0): Promise<ResponseOf<typeof readEvents>['events']> {
  const events = [];
  for (let newest = after; ; ) {
    const read = await enclave.call(readEvents, { after: newest });
    events.push(...read.events);
    newest = read.events.at(-1)?.sequence ?? newest;
    if (newest === read.newest) return events;
  }
}

describe('events', () => {
  it('tell of the life of the enclave, in order', async () => {
    const events = await allEvents();
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    const told = events.map(({ event, ...fields }) =>
      'phase' in fields ? `${event} ${fields.phase}` : event,
    );
    expect(told).toEqual([
      'phase-changed needs-root-record',
      'credentials-received',
      'phase-changed unsealing',
      'root-record-loaded',
      'phase-changed ready',
    ]);
  });

  it('name the project whose rows were changed, and the operation', async () => {
    const before = (await enclave.call(readEvents, { after: 0 })).newest;
    const broken = Uint8Array.from(account.rows.walletKey);
    broken[40] = (broken[40] as number) ^ 1;
    expect(await sign(broken)).toBe('SEALED_BLOB_REFUSED');
    const [event, ...others] = await allEvents(before);
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      event: 'request-not-trusted',
      operation: 'sign-evm-hash',
      code: 'SEALED_BLOB_REFUSED',
    });
    const { projectId } = event as { projectId: Uint8Array };
    expect(Buffer.compare(projectId, project.rows.projectId)).toBe(0);
  });

  it('are the same whoever reads them and how often', async () => {
    const first = await enclave.call(readEvents, { after: 2 });
    expect(await enclave.call(readEvents, { after: 2 })).toEqual(first);
    expect((await enclave.call(readEvents, { after: Number.MAX_SAFE_INTEGER })).events).toEqual([]);
  });

  it('are bounded: a parent that causes them without end loses the oldest, and is told how many', async () => {
    const before = (await enclave.call(readEvents, { after: 0 })).newest;
    const foreign = { rootRecord: Buffer.from('00', 'hex') };
    const provoke = () =>
      enclave.call(loadRootRecord, foreign).catch((error: { code: string }) => error.code);
    for (let round = 0; round < 20; round += 1) {
      expect(new Set(await Promise.all(Array.from({ length: 100 }, provoke)))).toEqual(
        new Set(['ROOT_RECORD_REFUSED']),
      );
    }
    const { events, dropped, newest } = await enclave.call(readEvents, { after: before });
    expect(newest).toBe(before + 2000);
    expect(events).toHaveLength(MAX_EVENTS_PER_READ);
    expect(dropped).toBe(2000 - 1024);
    expect(events[0]?.sequence).toBe(newest - 1023);
    expect((await enclave.call(getMetrics, {})).events).toEqual({ newest, kept: 1024 });
    expect(await allEvents(before)).toHaveLength(1024);
  });
});

describe('metrics', () => {
  const countOf = async (operation: string, outcome: string) =>
    (await enclave.call(getMetrics, {})).requests.find(
      (each) => each.operation === operation && each.outcome === outcome,
    )?.count ?? 0;

  it('count requests by operation and outcome, and signatures', async () => {
    const before = await enclave.call(getMetrics, {});
    const failedBefore = await countOf('sign-evm-hash', 'SEALED_BLOB_REFUSED');
    const okBefore = await countOf('sign-evm-hash', 'OK');
    for (let index = 0; index < 3; index += 1) expect(await sign()).toMatchObject({ status: 200 });
    expect(await sign(new Uint8Array(100))).toBe('SEALED_BLOB_REFUSED');
    const after = await enclave.call(getMetrics, {});
    expect(after.signatures.secp256k1 - before.signatures.secp256k1).toBe(3);
    expect((await countOf('sign-evm-hash', 'OK')) - okBefore).toBe(3);
    expect((await countOf('sign-evm-hash', 'SEALED_BLOB_REFUSED')) - failedBefore).toBe(1);
    expect((after.tables?.replayWindow.entries ?? 0) - (before.tables?.replayWindow.entries ?? 0)).toBe(4);
    expect(after.tables?.recordMarks.entries).toBeGreaterThan(0);
    expect(after.kmsCalls).toContainEqual({ call: 'Decrypt', outcome: 'OK', count: 1 });
    expect(after.keyPolicyAgeS).toBeLessThan(60);
    expect(after.memory.heapUsedMiB).toBeGreaterThan(0);
    expect(after.connections.open).toBe(1);
  });

  it('have no more series than there are operations and codes, whatever is asked for', async () => {
    for (let index = 0; index < 50; index += 1) {
      const contract = { ...getStatus, name: `x-${index}` } as unknown as typeof getStatus;
      await expect(enclave.call(contract, {})).rejects.toThrow(
        expect.objectContaining({ code: 'UNKNOWN_OPERATION' }),
      );
    }
    const { requests, unknownOperations } = await enclave.call(getMetrics, {});
    expect(unknownOperations).toBe(50);
    for (const { operation } of requests) expect(isOperationName(operation), operation).toBe(true);
  });

  it('show no step that one request takes: whole MiB, whole seconds, a minute of the event loop', async () => {
    const values = Array.from({ length: 10 }, () => enclave.call(getMetrics, {}));
    const seen = (await Promise.all(values)).map(({ memory, eventLoopDelay, uptimeS }) => ({
      memory,
      eventLoopDelay,
      uptimeS,
    }));
    expect(new Set(seen.map((each) => JSON.stringify(each.eventLoopDelay))).size).toBe(1);
    for (const { memory } of seen)
      for (const value of Object.values(memory)) expect(value).toBeLessThan(65_536);
  });
});

describe('neither', () => {
  it('holds a byte of a secret, a request or an answer', async () => {
    const { status } = (await sign()) as { status: number };
    expect(status).toBe(200);
    const told = Buffer.concat([
      encodeCbor(await enclave.call(getMetrics, {})),
      encodeCbor({ events: await allEvents() } as never),
    ]);
    const { walletKey, account: record } = account.rows;
    const needles = {
      walletKey,
      record: record.sealed,
      clientSecret: project.rows.clientSecret,
      authority: project.rows.authority.sealed,
      hash: Buffer.from(HASH.slice(2), 'hex'),
      hashText: Buffer.from(HASH.slice(2)),
      address: Buffer.from(account.address.slice(2)),
      apiKeyId: Buffer.from(project.apiKey.id),
      accessKeyId: Buffer.from(TWIN_CREDENTIALS.accessKeyId),
      secretAccessKey: Buffer.from(TWIN_CREDENTIALS.secretAccessKey),
    };
    for (const [name, needle] of Object.entries(needles)) {
      const part = Buffer.from(needle.subarray(0, 16));
      expect(told.includes(part), name).toBe(false);
    }
    // What may be there is found: the parent gave it with the rows that were refused.
    expect(told.includes(Buffer.from(project.rows.projectId))).toBe(true);
  });
});
