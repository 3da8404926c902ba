// Each test is a parent that cheats when policies are changed; the enclave refuses it with a code of its own.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { proveApiKey } from '@strongroom/client/api-keys';
import { makeApiKey } from '@strongroom/client/credentials';
import { addApiKey } from '@strongroom/shared/operations/add-api-key';
import { createPolicy } from '@strongroom/shared/operations/create-policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { addLabPolicy, changeLabPolicy, fullySignedRequest } from '../support/lab-policy.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const only = (match: string) => ({
  scope: 'account',
  rules: [{ action: 'accept', operation: 'signEvmMessage', criteria: [{ type: 'evmMessage', match }] }],
});

let lab: Laboratory;
let enclave: LabEnclave;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('a change of policies', () => {
  const path = '/v2/policy-engine/policies';

  it('without the Wallet Secret, in a project that asks for it', async () => {
    const project = await createLabProject(enclave, { scopes: ['policies#manage'] });
    const client = { ...fullySignedRequest(project, { path, body: only('.') }), walletToken: null };
    const change = enclave.call(createPolicy, { client, project: project.rows });
    await expect(change).rejects.toThrow(code('WALLET_TOKEN_MISSING'));
  });

  it('by an API key without the scope, or of another project, or twice by one token', async () => {
    const choices = { policyAuthority: 'api-key', scopes: ['policies#manage'] } as const;
    const project = await createLabProject(enclave, choices);
    const reader = await createLabProject(enclave, { ...choices, scopes: ['read', 'sign'] });
    const ask = (of: LabProject, apiKey = of.apiKey) =>
      enclave.call(createPolicy, {
        client: fullySignedRequest(of, { path, body: only('.') }, apiKey),
        project: of.rows,
      });
    await expect(ask(reader)).rejects.toThrow(code('FORBIDDEN'));
    await expect(ask(project, reader.apiKey)).rejects.toThrow(code('BEARER_REFUSED'));
    const client = fullySignedRequest(project, { path, body: only('.') });
    await enclave.call(createPolicy, { client, project: project.rows });
    const again = enclave.call(createPolicy, { client, project: project.rows });
    await expect(again).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('on top of another document than the one that is in force', async () => {
    const policy = await addLabPolicy(enclave, await createLabProject(enclave), only('.'));
    const forged = Buffer.from(
      Buffer.from(policy.document)
        .toString()
        .replace(/"createdAt":"\d{4}/, '"createdAt":"1999'),
    );
    for (const document of [forged, randomBytes(100)])
      await expect(
        changeLabPolicy(enclave, { ...policy, document }, { rules: only('^wide').rules }),
      ).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
  });

  it("by an API key whose time is over, or by a token from before the enclave's life", async () => {
    const choices = { policyAuthority: 'api-key', scopes: ['policies#manage'] } as const;
    const project = await createLabProject(enclave, choices);
    const ended = makeApiKey();
    const { authority } = await enclave.call(addApiKey, {
      client: signedRequest(project, {
        path: '/v2/enclave/api-keys',
        body: {
          id: ended.id,
          algorithm: ended.algorithm,
          publicKey: Buffer.from(ended.publicKey).toString('base64'),
          scopes: choices.scopes,
          expiresAt: '2020-01-01T00:00:00.000Z',
          proof: proveApiKey(ended, project.rows.projectId),
        },
      }),
      project: project.rows,
    });
    const rows = { ...project.rows, authority };
    const early = fullySignedRequest(project, { path, body: only('.') });
    const second = await lab.bootReady();
    const tooEarly = second.call(createPolicy, { client: early, project: rows });
    await expect(tooEarly).rejects.toThrow(code('BEARER_REFUSED'));
    const client = fullySignedRequest(project, { path, body: only('.') }, ended);
    const tooLate = enclave.call(createPolicy, { client, project: rows });
    await expect(tooLate).rejects.toThrow(code('BEARER_REFUSED'));
  });

  it.each(['wallet', 'api-key'] as const)(
    'by the token of one that was made before (%s), at a second enclave that is shown it',
    async (policyAuthority) => {
      const second = await lab.bootReady();
      await sleep(1005 - (Date.now() % 1000));
      const project = await createLabProject(enclave, { policyAuthority, scopes: ['policies#manage'] });
      const client = fullySignedRequest(project, { path, body: only('.') });
      const { authority } = await enclave.call(createPolicy, { client, project: project.rows });
      const again = second.call(createPolicy, { client, project: { ...project.rows, authority } });
      await expect(again).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
    },
  );
});
