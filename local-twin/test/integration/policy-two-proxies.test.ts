// Two proxies over one store that change one project at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../../src/system/child.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { startSecondProxy } from '../support/second-proxy.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const POLICIES = '/v2/policy-engine/policies';
const rules = [{ action: 'reject', operation: 'signEvmHash' }];

let system: TestSystem;
let second: Child;
/** One project, as dialled at each of the proxies. */
let atBoth: readonly [TestProject, TestProject];

beforeAll(async () => {
  system = await startTestSystem();
  second = await startSecondProxy(system);
  const otherUrl = `http://127.0.0.1:${second.port}`;
  const authorities = [system.baseUrl, otherUrl].map((url) => new URL(url).host);
  const project = await createTestProject(system, {
    authorities,
    scopes: ['read', 'sign', 'policies#manage'],
  });
  atBoth = [project, { ...project, baseUrl: otherUrl }];
});
afterAll(async () => {
  await second.stop();
  await system[Symbol.asyncDispose]();
});

async function send(project: TestProject, method: string, path: string, body?: object) {
  const { status, text } = await sendSigned(project, method, path, { ...(body && { body }) });
  return { status, json: text === '' ? null : JSON.parse(text) };
}

describe('changes of policies at two proxies', () => {
  it('all count or are refused as conflicts: none is lost, and none undone', async () => {
    const body = { scope: 'account', rules };
    const attempts = Array.from({ length: 12 }, (_, i) =>
      send(atBoth[i % 2] as TestProject, 'POST', POLICIES, body),
    );
    const answers = await Promise.all(attempts);
    const made = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(made.length).toBeGreaterThan(0);
    for (const { status, json } of refused)
      expect([status, json.errorType]).toEqual([409, 'operation_in_progress']);
    for (const project of atBoth) {
      const { json } = await send(project, 'GET', POLICIES);
      const listed = json.policies.map(({ id }: { id: string }) => id);
      expect(listed.toSorted()).toEqual(made.map((answer) => answer.json.id).toSorted());
    }
  });

  it('are in force at both from the answer on', async () => {
    const [first, other] = atBoth;
    const { json: policy } = await send(first, 'POST', POLICIES, { scope: 'account', rules });
    const { json: account } = await send(other, 'POST', '/v2/evm/accounts', { accountPolicy: policy.id });
    const sign = (project: TestProject) =>
      send(project, 'POST', `/v2/evm/accounts/${account.address}/sign`, { hash: `0x${'11'.repeat(32)}` });
    for (const project of atBoth) expect((await sign(project)).status).toBe(403);
    const relaxed = [
      { action: 'accept', operation: 'signEvmMessage', criteria: [{ type: 'evmMessage', match: '.' }] },
    ];
    await send(other, 'PUT', `${POLICIES}/${policy.id}`, { rules: relaxed });
    for (const project of atBoth) expect((await sign(project)).status).toBe(200);
  });
});
