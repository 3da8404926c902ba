// What the proxy does about connections that are lost, enclaves that restart or fail, and credentials that run out.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { describe, expect, it } from 'vitest';
import type { CredentialSource } from '../../src/enclave/credentials.ts';
import { type ProxyFixture, startFixture } from '../proxy-fixture.ts';

const NONCE = 'ab'.repeat(16);
const attest = (fixture: ProxyFixture) =>
  fixture.send('GET', `/v2/enclave/attestation?nonce=${NONCE}`, { bearer: null });
const eventsOf = (fixture: ProxyFixture, event: string) =>
  fixture.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

describe('a call whose connection is lost', () => {
  /** Drops the connection while the first call of an operation is in work, as a restart of the enclave does. */
  function dropAtFirst(fixture: ProxyFixture, answer: (call: number) => unknown) {
    let calls = 0;
    return async () => {
      calls += 1;
      if (calls === 1) await fixture.enclave.restart();
      return answer(calls) as never;
    };
  }

  it('is made again when it may be repeated, once the enclave has got back what it forgot', async () => {
    await using fixture = await startFixture();
    const document = { attestationDocument: Uint8Array.of(1), manifest: Uint8Array.of(2) };
    fixture.enclave.override({ 'get-attestation': dropAtFirst(fixture, () => document) });
    const answer = await attest(fixture);
    expect([answer.status, answer.json.manifest]).toEqual([200, 'Ag==']);
    expect(fixture.enclave.calls).toEqual([
      'get-attestation',
      'set-credentials',
      'load-root-record',
      'get-attestation',
    ]);
    expect(await fixture.metrics()).toContain('round_trips_retried_total{operation="get-attestation"} 1\n');
    expect(await fixture.metrics()).toContain('strongroom_link_restarts_total 1\n');
    expect(eventsOf(fixture, 'enclave-restarted')).toHaveLength(1);
  });

  it('is unavailable, not the fault of the client, when the first attempt or another life has its token', async () => {
    for (const code of ['WALLET_TOKEN_REPLAYED', 'WALLET_TOKEN_BEFORE_BOOT'] as const) {
      await using fixture = await startFixture();
      const { json: account } = await fixture.send('POST', '/v2/evm/accounts', { body: '{}' });
      fixture.enclave.override({
        'sign-evm-hash': dropAtFirst(fixture, () => {
          throw new OperationError(code);
        }),
      });
      const sign = await fixture.send('POST', `/v2/evm/accounts/${account.address}/sign`, { body: '{}' });
      expect([sign.status, sign.json.errorType]).toEqual([503, 'service_unavailable']);
      expect(fixture.enclave.calls.filter((name) => name === 'sign-evm-hash')).toHaveLength(2);
    }
  });

  it('is never made again when it creates or changes something', async () => {
    await using fixture = await startFixture();
    fixture.enclave.override({
      'create-evm-account': dropAtFirst(fixture, () => {
        throw new OperationError('FORBIDDEN');
      }),
    });
    const create = await fixture.send('POST', '/v2/evm/accounts', { body: '{}' });
    expect([create.status, create.json.errorType]).toEqual([503, 'service_unavailable']);
    expect(fixture.enclave.calls.filter((name) => name === 'create-evm-account')).toHaveLength(1);
  });
});

describe('an enclave that failed', () => {
  it('is shown with its reason, and gets nothing', async () => {
    await using fixture = await startFixture();
    fixture.enclave.override({
      'get-status': () => ({
        phase: 'failed',
        reason: 'NSM_DEBUG_MODE',
        bootId: Buffer.alloc(16, 9),
        deploymentId: null,
        generation: null,
        credentialsExpireAtMs: null,
      }),
    });
    await fixture.enclave.restart();
    const status = async () => (await fixture.send('GET', '/v2/enclave/status', { bearer: null })).json;
    await expect.poll(status, { timeout: 10_000 }).toEqual({ phase: 'failed', reason: 'NSM_DEBUG_MODE' });
    expect((await fixture.send('GET', '/healthz', { bearer: null })).status).toBe(503);
    expect(fixture.enclave.calls).toEqual([]);
    expect(eventsOf(fixture, 'enclave-phase-changed').at(-1)).toMatchObject({
      level: 50,
      phase: 'failed',
      reason: 'NSM_DEBUG_MODE',
    });
    expect(await fixture.metrics()).toContain('strongroom_enclave_phase{phase="failed"} 1\n');
  });
});

describe('credentials', () => {
  const MINUTE_MS = 60_000;

  it('are handed over again five minutes before they expire, and not earlier', async () => {
    let nowMs = 1_000_000_000;
    let reads = 0;
    const credentials: CredentialSource = {
      async read() {
        reads += 1;
        return {
          accessKeyId: `id-${reads}`,
          secretAccessKey: 's',
          sessionToken: 't',
          expiresAtMs: nowMs + 60 * MINUTE_MS,
        };
      },
    };
    await using fixture = await startFixture({ credentials, nowMs: () => nowMs });
    expect(reads).toBe(1);
    nowMs += 54 * MINUTE_MS;
    await fixture.proxy.enclave.settle();
    expect(reads).toBe(1);
    nowMs += 2 * MINUTE_MS;
    const handed: string[] = [];
    fixture.enclave.override({
      'set-credentials': ({ accessKeyId }) => {
        handed.push(accessKeyId);
        return {};
      },
    });
    await fixture.proxy.enclave.settle();
    expect(handed[0]).toBe('id-2');
  });

  it('that never come do not keep heartbeats back', async () => {
    let isSilent = false;
    const credentials: CredentialSource = {
      async read() {
        if (isSilent) await new Promise(() => undefined);
        return {
          accessKeyId: 'id',
          secretAccessKey: 's',
          sessionToken: null,
          expiresAtMs: Date.now() + 1000,
        };
      },
    };
    await using fixture = await startFixture({ credentials });
    isSilent = true;
    const failures = () => eventsOf(fixture, 'enclave-not-supplied');
    await expect.poll(failures, { timeout: 15_000 }).toMatchObject([{ code: 'CREDENTIALS_UNREADABLE' }]);
    expect(fixture.proxy.enclave.status?.phase).toBe('ready');
  });

  it('that cannot be read are said so, once, and an enclave that signs goes on', async () => {
    let fails = false;
    const credentials: CredentialSource = {
      async read() {
        if (fails) throw new Error('the role is gone, says a message that may hold anything: needle');
        return {
          accessKeyId: 'id',
          secretAccessKey: 's',
          sessionToken: null,
          expiresAtMs: Date.now() + 1000,
        };
      },
    };
    await using fixture = await startFixture({ credentials });
    fails = true;
    const failures = () => eventsOf(fixture, 'enclave-not-supplied');
    await expect.poll(failures, { timeout: 10_000 }).toMatchObject([{ code: 'CREDENTIALS_UNREADABLE' }]);
    const { json: account } = await fixture.send('POST', '/v2/evm/accounts', { body: '{}' });
    const sign = await fixture.send('POST', `/v2/evm/accounts/${account.address}/sign`, { body: '{}' });
    expect(sign.status).toBe(200);
    expect(failures()).toHaveLength(1);
    expect(fixture.logLines.join('')).not.toContain('needle');
  });
});
