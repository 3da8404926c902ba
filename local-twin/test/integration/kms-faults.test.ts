import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encryptForRecipient } from '../../src/kms/enveloped-data.ts';
import { KEY, KmsRig, nameOfRefusal, OTHER_KEY, opened, PARENT } from './kms-rig.ts';

const rig = new KmsRig();
beforeAll(() => rig.open());
afterAll(() => rig.close());
beforeEach(() => rig.reset());

describe('transport', () => {
  it("is TLS under the simulator's own authority", async () => {
    const stranger = await rig.start({ directory: join(rig.directory, 'other') });
    await stranger.close();
    const call = rig.client(PARENT, { ca: stranger.caPem }).send(new DescribeKeyCommand({ KeyId: KEY }));
    await expect(call).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  async function post(headers: Record<string, string>, body: string | Buffer) {
    const { port, caPem: ca } = rig.simulator;
    const request = httpsRequest({ host: 'localhost', port, method: 'POST', ca, headers }).end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return {
      status: response.statusCode,
      body: JSON.parse(Buffer.concat(await response.toArray()).toString()),
    };
  }

  const cases: readonly [string, Record<string, string>, string | Buffer, object][] = [
    ['no operation', {}, '{}', { __type: 'UnknownOperationException' }],
    [
      'an operation of Object.prototype',
      { 'x-amz-target': 'TrentService.constructor' },
      '{}',
      { __type: 'UnknownOperationException' },
    ],
    [
      'an operation that is not simulated',
      { 'x-amz-target': 'TrentService.ReEncrypt' },
      '{}',
      { __type: 'UnknownOperationException' },
    ],
    [
      'no signature',
      { 'x-amz-target': 'TrentService.Decrypt' },
      '{',
      { __type: 'MissingAuthenticationTokenException', Message: 'Missing Authentication Token' },
    ],
    [
      'a body of 300,000 bytes',
      { 'x-amz-target': 'TrentService.Decrypt' },
      Buffer.alloc(300_000),
      { __type: 'SerializationException' },
    ],
  ];
  it.each(cases)("answers %s with KMS's error", async (_, headers, body, answer) => {
    expect(await post(headers, body)).toEqual({ status: 400, body: answer });
  });
});

describe('faults', () => {
  it('count requests per operation', async () => {
    const before = rig.simulator.requests.GenerateDataKey;
    await rig.generateDataKey();
    expect(rig.simulator.requests.GenerateDataKey).toBe(before + 1);
  });

  it('forge an answer for the recipient, return a plaintext, name another key', async () => {
    const forged = new Uint8Array(32).fill(0x66);
    rig.simulator.faults.tamper = ({ answer, recipientKey }) => {
      const CiphertextForRecipient = Buffer.from(encryptForRecipient(recipientKey!, forged)).toString(
        'base64',
      );
      return {
        ...answer,
        body: { ...answer.body, CiphertextForRecipient, Plaintext: 'AA==', KeyId: OTHER_KEY },
      };
    };
    const answer = await rig.generateDataKey();
    expect(opened(answer.CiphertextForRecipient)).toEqual(forged);
    expect([answer.Plaintext, answer.KeyId]).toEqual([Uint8Array.of(0), OTHER_KEY]);
  });

  it("answer with an error of the test's choice", async () => {
    rig.simulator.faults.tamper = ({ operation }) => ({
      status: 400,
      body: { __type: 'ThrottlingException', Message: operation },
    });
    await expect(rig.generateDataKey()).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'GenerateDataKey',
    });
  });

  it('be slow, and be gone', async () => {
    rig.simulator.faults.latencyMs = 150;
    const startedMs = performance.now();
    await rig.generateDataKey();
    expect(performance.now() - startedMs).toBeGreaterThan(149);
    rig.simulator.faults.outage = true;
    expect(await nameOfRefusal(rig.generateDataKey())).not.toBe('none');
    rig.simulator.faults.outage = false;
    expect(await nameOfRefusal(rig.generateDataKey())).toBe('none');
  });
});
