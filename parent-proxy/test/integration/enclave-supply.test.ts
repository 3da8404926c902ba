import { generateKeyPairSync } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { describe, expect, it } from 'vitest';
import { json } from '../fake-enclave.ts';
import { bearerToken, ENROLMENT_TOKEN, type ProxyFixture, startFixture } from '../proxy-fixture.ts';

describe('an enclave', () => {
  it('gets credentials and root record again after it restarted', async () => {
    await using fixture = await startFixture();
    expect((await fixture.send('GET', '/healthz')).json).toEqual({
      status: 'ok',
      enclave: 'ready',
      store: 'ok',
    });
    await fixture.enclave.restart();
    await expect.poll(() => fixture.enclave.phase, { timeout: 10_000 }).toBe('ready');
    await expect
      .poll(async () => (await fixture.send('GET', '/healthz')).status, { timeout: 10_000 })
      .toBe(200);
    expect(fixture.enclave.calls).toEqual(['set-credentials', 'load-root-record']);
  });

  it('that is gone makes the service unavailable and nothing worse', async () => {
    await using fixture = await startFixture();
    const { json: account } = await fixture.send('POST', '/v2/evm/accounts', { body: '{}' });
    await fixture.enclave.close();
    const sign = await fixture.send('POST', `/v2/evm/accounts/${account.address}/sign`, { body: '{}' });
    expect([sign.status, sign.json.errorType]).toEqual([503, 'service_unavailable']);
    expect((await fixture.send('GET', `/v2/evm/accounts/${account.address}`)).status).toBe(200);
    await expect
      .poll(async () => (await fixture.send('GET', '/healthz')).json.enclave, { timeout: 10_000 })
      .toBe('unreachable');
    expect((await fixture.send('GET', '/healthz')).status).toBe(503);
  });

  it('that cannot be supplied is tried again, and the failure is logged once', async () => {
    await using fixture = await startFixture();
    let attempts = 0;
    fixture.enclave.override({
      'load-root-record': () => {
        attempts += 1;
        if (attempts < 3) throw new OperationError('KMS_UNREACHABLE');
        fixture.enclave.phase = 'ready';
        return { phase: 'ready' };
      },
    });
    await fixture.enclave.restart();
    await expect.poll(() => fixture.enclave.phase, { timeout: 20_000 }).toBe('ready');
    expect(attempts).toBe(3);
    const lines = fixture.logLines.filter(
      (line) => line.includes('enclave-not-supplied') && line.includes('KMS_UNREACHABLE'),
    );
    expect(lines).toHaveLength(1);
  });

  it('serves nobody out of a restored store before it has counted the restore', async () => {
    let aboveEpoch: number | null = 3;
    const told: number[] = [];
    await using fixture = await startFixture({
      isSupplied: false,
      wrapStore: (store) => ({
        ...store,
        epochBeforeRestore: async () => aboveEpoch,
        noteRestoreAnnounced: async () => {
          aboveEpoch = null;
        },
      }),
    });
    const attestation = `/v2/enclave/attestation?nonce=${'07'.repeat(32)}`;
    await expect.poll(() => fixture.enclave.phase).toBe('ready');
    expect((await fixture.send('GET', attestation)).status).toBe(503);
    expect((await fixture.send('POST', '/v2/evm/accounts', { body: '{}' })).status).toBe(503);
    // Nor does a load balancer find it ready.
    expect((await fixture.send('GET', '/healthz')).status).toBe(503);
    fixture.enclave.override({
      'announce-restore': ({ aboveEpoch: epoch }) => {
        told.push(epoch);
        return { rootRecord: Uint8Array.of(0xa0) };
      },
    });
    await expect
      .poll(async () => (await fixture.send('GET', '/healthz')).status, { timeout: 10_000 })
      .toBe(200);
    expect(told).toEqual([3]);
    expect((await fixture.send('POST', '/v2/evm/accounts', { body: '{}' })).status).toBe(201);
  });

  it('never makes a deployment because a store is empty', async () => {
    await using fixture = await startFixture({
      wrapStore: (store) => ({ ...store, readRootRecord: async () => null }),
    });
    expect(fixture.enclave.phase).toBe('needs-genesis');
    await fixture.proxy.enclave.settle();
    expect(fixture.enclave.calls).not.toContain('run-genesis');
  });

  it('runs genesis when the operator says so, once', async () => {
    let record: Uint8Array | null = null;
    await using fixture = await startFixture({
      wrapStore: (store) => ({
        ...store,
        readRootRecord: async () => record,
        insertRootRecordIfAbsent: async (made) => {
          record ??= made;
        },
      }),
    });
    expect(await fixture.proxy.enclave.runGenesis()).toBe('made');
    expect(fixture.enclave.phase).toBe('ready');
    expect(record).not.toBeNull();
    expect(await fixture.proxy.enclave.runGenesis()).toBe('already-made');
    expect(fixture.enclave.calls.filter((name) => name === 'run-genesis')).toHaveLength(1);
  });
});

describe('GET /v2/enclave/attestation', () => {
  it("asks the enclave with the caller's nonce", async () => {
    await using fixture = await startFixture();
    const nonce = 'Ab'.repeat(16);
    const reply = await fixture.send('GET', `/v2/enclave/attestation?nonce=${nonce}`, { bearer: null });
    expect(reply.status).toBe(200);
    expect(Buffer.from(reply.json.attestationDocument, 'base64').toString('hex')).toBe(nonce.toLowerCase());
    expect(reply.json.manifest).toBe('AQ==');
    for (const bad of ['', 'ab'.repeat(15), 'ab'.repeat(65), 'zz'.repeat(16), 'abc'.repeat(11)]) {
      const refused = await fixture.send('GET', `/v2/enclave/attestation?nonce=${bad}`, { bearer: null });
      expect([refused.status, refused.json.errorType]).toEqual([400, 'invalid_request']);
    }
  });
});

describe('creating a project', () => {
  const enrol = (
    fixture: ProxyFixture,
    path: string,
    body: object,
    bearer: string | null = ENROLMENT_TOKEN,
  ) => fixture.send('POST', `/v2/enclave/${path}`, { body: JSON.stringify(body), bearer });

  it('takes a nonce, a genesis and an enrolment token, and the new API key works', async () => {
    await using fixture = await startFixture();
    const nonce = await enrol(fixture, 'project-nonces', {});
    expect(nonce.json.nonce).toMatch(/^[0-9a-f]{64}$/);
    expect(nonce.json.deploymentId).toMatch(/^[0-9a-f]{64}$/);
    expect(nonce.json.expiresAt).toBe('1970-01-01T00:05:00.000Z');
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const genesis = json({ apiKeyId: 'new-key', publicKey: spki }).toString('base64');
    const created = await enrol(fixture, 'projects', { genesis });
    expect(created.status).toBe(201);
    expect(created.json).toEqual({ projectId: expect.stringMatching(/^[0-9a-f]{64}$/), certificate: 'AQID' });

    const path = '/v2/enclave/project-certificate';
    const uri = `GET ${fixture.url.slice('http://'.length)}${path}`;
    const bearer = bearerToken({ id: 'new-key', privateKey }, uri);
    const certified = await fixture.send('GET', `${path}?nonce=${'cd'.repeat(32)}`, { bearer });
    expect(Buffer.from(certified.json.certificate, 'base64').toString('hex')).toBe('cd'.repeat(32));

    const taken = await enrol(fixture, 'projects', { genesis });
    expect([taken.status, taken.json.errorType]).toEqual([409, 'already_exists']);
  });

  it('is closed to whoever has no enrolment token', async () => {
    await using fixture = await startFixture();
    for (const bearer of [null, '', 'wrong', `${ENROLMENT_TOKEN}x`, ENROLMENT_TOKEN.slice(1)]) {
      expect((await enrol(fixture, 'projects', { genesis: 'AAAA' }, bearer)).status).toBe(401);
      expect((await enrol(fixture, 'project-nonces', {}, bearer)).status).toBe(401);
    }
    expect(fixture.enclave.calls).toEqual([]);
  });

  it.each([
    {},
    { genesis: '' },
    { genesis: '*' },
    { genesis: 5 },
    { genesis: 'AAAA', extra: 1 },
    { genesis: 'A'.repeat(90_000) },
  ])('refuses the body %j', async (body) => {
    await using fixture = await startFixture();
    const { status, json: error } = await enrol(fixture, 'projects', body);
    expect([status, error.errorType]).toEqual([400, 'invalid_request']);
  });
});
