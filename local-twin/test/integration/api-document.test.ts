// The OpenAPI document as it is served, and answers of the running service beside its schemas.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { type RequestParts, sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
let project: TestProject;

beforeAll(async () => {
  system = await startTestSystem();
  project = await createTestProject(system, { scopes: ['read', 'sign', 'policies#manage'] });
});
afterAll(() => system[Symbol.asyncDispose]());

const send = async (method: string, path: string, parts: RequestParts = {}) =>
  JSON.parse((await sendSigned(project, method, path, parts)).text);

describe('/openapi.json', () => {
  it.each(['', '/platform'])('is served under "%s" to anybody', async (prefix) => {
    const response = await fetch(`${system.baseUrl}${prefix}/openapi.json`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    const document = (await response.json()) as { openapi: string; paths: object };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toContain('/v2/evm/accounts/{address}/sign');
  });

  it('is true of what the service answers', async () => {
    const document = (await (await fetch(`${system.baseUrl}/openapi.json`)).json()) as {
      components: { schemas: Record<string, { properties: object; required: string[] }> };
    };
    const expectSchema = (answer: object, name: string) => {
      const { properties, required } = document.components.schemas[name] ?? { properties: {}, required: [] };
      expect(Object.keys(answer)).toEqual(expect.arrayContaining(required));
      expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(answer)));
    };
    const rules = [{ action: 'reject', operation: 'signEvmHash' }];
    const body = { scope: 'account', description: 'No hashes', rules };
    const policy = await send('POST', '/v2/policy-engine/policies', { body });
    expectSchema(policy, 'Policy');
    expect(await send('GET', `/v2/policy-engine/policies/${policy.id}`)).toEqual(policy);
    const account = { name: 'documented', accountPolicy: policy.id };
    expectSchema(await send('POST', '/v2/evm/accounts', { body: account }), 'EvmAccount');
    expectSchema(await send('GET', '/v2/evm/accounts/by-name/documented'), 'EvmAccount');
    expectSchema(await send('POST', '/v2/solana/accounts', { body: {} }), 'SolanaAccount');
    expectSchema(await send('GET', '/v2/evm/accounts/by-name/nobody'), 'Error');
  });
});
