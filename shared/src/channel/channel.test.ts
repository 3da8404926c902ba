import { type Duplex, duplexPair } from 'node:stream';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { defineOperation } from '../operations/operation.ts';
import type { CborValue } from '../wire/cbor.ts';
import { encodeRequest, type RequestEnvelope, type ResponseEnvelope } from '../wire/envelope.ts';
import { encodeFrame } from '../wire/frame.ts';
import { createOperationClient, type OperationClient } from './operation-client.ts';
import { serveConnection } from './operation-server.ts';

const echo = defineOperation({
  name: 'echo',
  request: v.strictObject({ value: v.number() }),
  response: v.strictObject({ value: v.number() }),
  errors: [],
  mode: 'repeatable',
});
type Handle = (request: RequestEnvelope) => Promise<ResponseEnvelope>;

interface Pair {
  readonly client: OperationClient;
  readonly servers: Duplex[];
}

function connected(
  handle: Handle,
  limits: { maxInFlight?: number; deadlineMs?: number; serverInFlight?: number } = {},
): Pair {
  const servers: Duplex[] = [];
  const client = createOperationClient({
    connect: async () => {
      const [near, far] = duplexPair();
      servers.push(far);
      serveConnection(far, { handle, maxInFlight: limits.serverInFlight ?? 256 });
      return near;
    },
    maxInFlight: limits.maxInFlight ?? 100,
    deadlineMs: limits.deadlineMs ?? 2000,
  });
  return { client, servers };
}

const answer: Handle = async ({ id, body }) => ({ id, ok: body });
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('channel', () => {
  it('keeps many calls apart, in whatever order they are answered', async () => {
    const { client } = connected(async ({ id, body }) => {
      const { value } = body as { value: number };
      await new Promise((resolve) => setTimeout(resolve, (value * 7) % 20));
      return { id, ok: { value } };
    });
    const values = Array.from({ length: 80 }, (_, index) => index);
    const answers = await Promise.all(values.map((value) => client.call(echo, { value })));
    expect(answers.map(({ value }) => value)).toEqual(values);
  });

  it('hands on refusals with their final answer', async () => {
    const http = { status: 401, body: Buffer.from('{}') };
    const { client } = connected(async ({ id }) => ({ id, err: { code: 'WALLET_TOKEN_STALE', http } }));
    await expect(client.call(echo, { value: 1 })).rejects.toMatchObject({
      code: 'WALLET_TOKEN_STALE',
      http: { status: 401 },
    });
  });

  it('refuses a refusal whose code is of no list', async () => {
    const { client } = connected(async ({ id }) => ({ id, err: { code: 'code="x"\n' } }));
    await expect(client.call(echo, { value: 1 })).rejects.toThrow(code('INVALID_MESSAGE'));
  });

  it('refuses an answer that its contract does not know', async () => {
    const { client } = connected(async ({ id }) => ({ id, ok: { value: 'one' } as CborValue }));
    await expect(client.call(echo, { value: 1 })).rejects.toThrow(code('INVALID_MESSAGE'));
  });

  it('fails what is in flight when the connection is lost, and connects again', async () => {
    const { client, servers } = connected(async ({ id, body }) => {
      if ((body as { value: number }).value === 0) await new Promise(() => undefined);
      return { id, ok: body };
    });
    const lost = client.call(echo, { value: 0 });
    setTimeout(() => servers[0]?.destroy(), 20);
    await expect(lost).rejects.toThrow(code('CONNECTION_LOST'));
    expect(await client.call(echo, { value: 5 })).toEqual({ value: 5 });
    expect(servers).toHaveLength(2);
  });

  it('gives up at the deadline, refuses beyond its limit, and says when it cannot connect', async () => {
    const { client } = connected(() => new Promise(() => undefined), { deadlineMs: 40, maxInFlight: 1 });
    const waiting = client.call(echo, { value: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(client.call(echo, { value: 2 })).rejects.toThrow(code('OVERLOADED'));
    await expect(waiting).rejects.toThrow(code('DEADLINE_EXCEEDED'));
    const nobody = createOperationClient({
      connect: () => Promise.reject(new Error('refused')),
      maxInFlight: 1,
      deadlineMs: 10,
    });
    await expect(nobody.call(echo, { value: 1 })).rejects.toThrow(code('CONNECTION_LOST'));
  });

  it('works on no more requests than its limit, and on all of them in the end', async () => {
    let working = 0;
    let most = 0;
    const handle: Handle = async (request) => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, 2));
      working--;
      return await answer(request);
    };
    const { client } = connected(handle, { serverInFlight: 4 });
    await Promise.all(Array.from({ length: 60 }, (_, value) => client.call(echo, { value })));
    expect(most).toBeLessThanOrEqual(4);
  });

  it('takes no more bytes into work than its limit, whatever their number, and all of them in the end', async () => {
    let inWork = 0;
    let most = 0;
    const [near, far] = duplexPair();
    const size = 100_000;
    const answered: number[] = [];
    serveConnection(far, {
      maxInFlight: 1000,
      maxInFlightBytes: 3 * size,
      async handle({ id }) {
        inWork += 1;
        most = Math.max(most, inWork);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inWork -= 1;
        answered.push(id);
        return { id, ok: {} };
      },
    });
    near.resume();
    const body = { value: new Uint8Array(size) };
    for (let id = 1; id <= 20; id++) near.write(encodeFrame(encodeRequest({ id, op: 'echo', body })));
    await expect.poll(() => answered.length).toBe(20);
    expect(most).toBe(3);
    near.destroy();
  });

  it('prepares no answers without end for a peer that does not read', async () => {
    let answered = 0;
    const [near, far] = duplexPair({ highWaterMark: 1024 });
    serveConnection(far, {
      maxInFlight: 1000,
      handle: async ({ id }) => {
        answered++;
        return { id, ok: { value: new Uint8Array(2000) } };
      },
    });
    for (let id = 1; id <= 500; id++)
      near.write(encodeFrame(encodeRequest({ id, op: 'echo', body: { value: id } })));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBeLessThan(100);
    near.destroy();
  });
});
