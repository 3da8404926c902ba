// Rate limits of keys and projects, counted together by two proxies that share a store.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../../src/system/child.ts';
import { bearerToken } from '../support/forged-token.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { startSecondProxy } from '../support/second-proxy.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const WINDOW_MS = 10_000;
const LIMITS = { perKey: 40, perProject: 60 };

let system: TestSystem;
let second: Child;
let project: TestProject;

beforeAll(async () => {
  system = await startTestSystem({ rateLimits: LIMITS });
  second = await startSecondProxy(system, LIMITS);
  project = await createTestProject(system);
});
afterAll(async () => {
  await second.stop();
  await system[Symbol.asyncDispose]();
});

async function read(baseUrl: string): Promise<Response> {
  const path = '/v2/evm/accounts';
  const target = { method: 'GET', authority: new URL(baseUrl).host, path, body: '' };
  const response = await fetch(`${baseUrl}${path}`, {
    headers: { authorization: `Bearer ${bearerToken(project, target)}` },
  });
  return response;
}

async function admittedBy(baseUrl: string, attempts: number): Promise<number> {
  const statuses: number[] = [];
  for (let i = 0; i < attempts; i += 1) statuses.push((await read(baseUrl)).status);
  expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
  return statuses.filter((status) => status === 200).length;
}

const startOfWindow = () => sleep(WINDOW_MS - (Date.now() % WINDOW_MS) + 20);

describe('a key', () => {
  it('that is used at both at once gets little more than its allowance', async () => {
    const other = `http://127.0.0.1:${second.port}`;
    // Enough of the window is left for it, as a rule.
    if (Date.now() % WINDOW_MS > WINDOW_MS - 3000) await startOfWindow();
    const admitted = await Promise.all([system.baseUrl, other].map((url) => admittedBy(url, 60)));
    const total = (admitted[0] ?? 0) + (admitted[1] ?? 0);
    expect(total).toBeGreaterThanOrEqual(LIMITS.perKey);
    // A twentieth for the second proxy, and what comes within one write: one at a time at each.
    expect(total).toBeLessThanOrEqual(LIMITS.perKey + 2 + 8);
  });

  it('has one allowance at both proxies, and is told when to come again', async () => {
    const other = `http://127.0.0.1:${second.port}`;
    project = await createTestProject(system);
    await startOfWindow();
    expect(await admittedBy(system.baseUrl, 30)).toBe(30);
    // Each proxy learns of the other's count when it next shares its own.
    await sleep(600);
    const untilKnown = await admittedBy(other, 2);
    expect(untilKnown).toBe(2);
    await sleep(600);
    expect(await admittedBy(other, 40)).toBe(8);
    await sleep(600);
    const refused = await read(other);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ errorType: 'rate_limit_exceeded' });
    const retryAfterS = Number(refused.headers.get('retry-after'));
    expect(retryAfterS).toBeGreaterThanOrEqual(1);
    expect(retryAfterS).toBeLessThanOrEqual(10);
    await sleep(retryAfterS * 1000);
    expect((await read(other)).status).toBe(200);
  });
});
