// The enclave's process killed and frozen while clients sign through the proxy.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { type RawAnswer, sendRaw } from '../support/raw-request.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
let project: TestProject;
let signPath: string;

beforeAll(async () => {
  system = await startTestSystem({ metricsPort: 0 });
  project = await createTestProject(system);
  const { text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
  signPath = `/v2/evm/accounts/${JSON.parse(text).address}/sign`;
});
afterAll(() => system[Symbol.asyncDispose]());

const sign = () => sendSigned(project, 'POST', signPath, { body: { hash: `0x${'ab'.repeat(32)}` } });

async function statusRoute(): Promise<{ phase: string; reason: string | null }> {
  return JSON.parse((await sendRaw(system.baseUrl, { method: 'GET', path: '/v2/enclave/status' })).text);
}

async function metricOf(series: string): Promise<number> {
  const text = await (await fetch(system.metricsUrl as string)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.split(' ').at(-1));
}

/** Signed, or said to be unavailable: nothing that a client would take for its own fault. */
function expectTyped(answers: readonly RawAnswer[]): void {
  for (const { status, text } of answers) {
    if (status === 200) continue;
    expect([status, JSON.parse(text).errorType], text).toEqual([503, 'service_unavailable']);
  }
}

describe('an enclave that is killed', () => {
  it('fails what is in flight with a typed error, is found again, and gets what it forgot', async () => {
    const signing = Array.from({ length: 60 }, (_, index) => sleep(index * 4).then(sign));
    await sleep(120);
    await system.enclave.kill();
    const answers = await Promise.all(signing);
    expectTyped(answers);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(answers.some(({ status }) => status === 503)).toBe(true);
    await expect.poll(statusRoute, { timeout: 5000 }).toEqual({ phase: 'unreachable', reason: null });
    const restarts = await metricOf('strongroom_link_restarts_total');
    await system.restartEnclave();
    expect(await statusRoute()).toEqual({ phase: 'ready', reason: null });
    expect((await sign()).status).toBe(200);
    expect(await metricOf('strongroom_link_restarts_total')).toBe(restarts + 1);
    expect(await metricOf('strongroom_link_connections_total')).toBeGreaterThan(1);
  });
});

describe('an enclave that is frozen', () => {
  it('lets nobody wait: what is in flight fails within ten seconds, the rest at once, until it goes on', async () => {
    const restarts = await metricOf('strongroom_link_restarts_total');
    system.enclave.process.kill('SIGSTOP');
    const frozenAtMs = performance.now();
    const inFlight = await Promise.all(Array.from({ length: 20 }, sign));
    expect(performance.now() - frozenAtMs).toBeLessThan(10_000);
    expectTyped(inFlight);
    expect(inFlight.every(({ status }) => status === 503)).toBe(true);
    const askedAtMs = performance.now();
    expectTyped(await Promise.all([sign(), sign()]));
    expect(performance.now() - askedAtMs).toBeLessThan(1000);
    expect(await statusRoute()).toEqual({ phase: 'unreachable', reason: null });
    expect(await metricOf('strongroom_round_trips_in_flight')).toBe(0);
    expect(await metricOf('strongroom_link_heartbeats_missed_total')).toBeGreaterThanOrEqual(2);
    system.enclave.process.kill('SIGCONT');
    await expect.poll(statusRoute, { timeout: 16_000 }).toEqual({ phase: 'ready', reason: null });
    expect((await sign()).status).toBe(200);
    expect(await metricOf('strongroom_link_restarts_total')).toBe(restarts);
  });
});
