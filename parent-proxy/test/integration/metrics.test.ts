// What an operator's Prometheus reads, and what a stranger cannot make it hold.
import { request } from 'node:http';
import { connect } from 'node:net';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/store/store-error.ts';
import { ENROLMENT_TOKEN, type ProxyFixture, startFixture } from '../proxy-fixture.ts';

let fixture: ProxyFixture;
let storeFails = false;

beforeAll(async () => {
  fixture = await startFixture({
    config: { rateLimits: { perKey: 1000, perProject: 1000 } },
    wrapStore: (store) => ({
      ...store,
      async findAccount(key) {
        if (storeFails) throw new StoreError('STORE_UNAVAILABLE');
        return await store.findAccount(key);
      },
    }),
  });
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** The value of one series, 0 when there is none. */
async function seriesValue(series: string): Promise<number> {
  const line = (await fixture.metrics()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}

const seriesOf = (text: string) =>
  text.split('\n').filter((line) => line.startsWith('strongroom_') && !line.includes('_bucket{'));

/** Sends a request line as it is; fetch would normalize it. */
async function sendPath(method: string, path: string): Promise<void> {
  const { hostname, port } = new URL(fixture.url);
  await new Promise<void>((resolve) => {
    const sent = request({ hostname, port, method, path }, (response) => {
      response.resume().on('end', resolve);
    });
    sent.on('error', () => resolve()).end();
  });
}

describe('GET /metrics', () => {
  it('is on a port of its own, and not on that of the service', async () => {
    expect((await fixture.send('GET', '/metrics')).status).toBe(404);
    const base = `http://127.0.0.1:${fixture.proxy.metricsPort}`;
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
    const answer = await fetch(`${base}/metrics`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/plain'),
    ]);
    expect(await answer.text()).toContain('process_resident_memory_bytes');
  });

  it('is off unless it is configured', async () => {
    await using without = await startFixture({ config: { metrics: null } });
    expect(without.proxy.metricsPort).toBeNull();
  });
});

describe('requests', () => {
  it('are counted and timed by the route as it is declared', async () => {
    const { json: account } = await fixture.send('POST', '/v2/evm/accounts', { body: '{}' });
    for (const prefix of ['', '/platform']) {
      expect((await fixture.send('GET', `${prefix}/v2/evm/accounts/${account.address}`)).status).toBe(200);
    }
    const label = 'method="GET",route="/v2/evm/accounts/:address"';
    expect(await seriesValue(`strongroom_http_requests_total{${label},status="200"}`)).toBe(2);
    expect(await seriesValue(`strongroom_http_request_duration_seconds_count{${label}}`)).toBe(2);
    expect(await seriesValue('strongroom_http_requests_in_flight')).toBe(0);
    expect(
      await seriesValue('strongroom_round_trips_total{operation="create-evm-account",outcome="OK"}'),
    ).toBe(1);
    expect(await seriesValue('strongroom_store_duration_seconds_count{verb="addAccount"}')).toBe(1);
  });

  it('that are hostile add no series but those of "unmatched"', async () => {
    await fixture.send('GET', '/v2/evm/accounts/0x00');
    await sendPath('GET', '/x');
    const before = seriesOf(await fixture.metrics()).length;
    const paths = Array.from({ length: 60 }, (_, index) => [
      `/v2/evm/accounts/0x${index.toString(16).padStart(40, '0')}`,
      `/v2/${index}"}1%0astrongroom_fake{a="`,
      `/${'%2e%2e/'.repeat(index)}metrics`,
      `/platform/${index}?${'x'.repeat(index)}`,
    ]).flat();
    for (const path of paths) await sendPath('GET', path);
    for (const method of ['PROPFIND', 'LINK', 'REBIND', 'SEARCH', 'DELETE']) await sendPath(method, '/x');
    const text = await fixture.metrics();
    // Statuses that did not occur before: 401 of an account that exists in no project, and 405.
    expect(seriesOf(text).length - before).toBeLessThanOrEqual(8);
    expect(text).not.toMatch(/strongroom_fake|PROPFIND|%2e|xxxx/);
    expect(
      await seriesValue('strongroom_http_requests_total{method="other",route="unmatched",status="404"}'),
    ).toBeGreaterThan(150);
  });

  it('that are no HTTP are counted', async () => {
    const { hostname, port } = new URL(fixture.url);
    const socket = connect(Number(port), hostname);
    socket.end('\u0016\u0003\u0001 this is no HTTP\r\n\r\n');
    await new Promise((resolve) => socket.resume().on('close', resolve));
    expect(await seriesValue('strongroom_http_malformed_total')).toBe(1);
  });
});

describe('refusals', () => {
  it('are counted by code: idempotency, rates, the store', async () => {
    const headers = { 'x-idempotency-key': 'one' };
    await fixture.send('POST', '/v2/evm/accounts', { body: '{"name":"aa"}', headers });
    const other = await fixture.send('POST', '/v2/evm/accounts', { body: '{"name":"bb"}', headers });
    expect(other.status).toBe(422);
    expect(await seriesValue('strongroom_refusals_total{code="IDEMPOTENCY_MISMATCH"}')).toBe(1);
    storeFails = true;
    const address = `0x${'11'.repeat(20)}`;
    expect((await fixture.send('GET', `/v2/evm/accounts/${address}`)).status).toBe(503);
    storeFails = false;
    expect(await seriesValue('strongroom_refusals_total{code="STORE_UNAVAILABLE"}')).toBe(1);
    expect(await seriesValue('strongroom_store_errors_total{code="STORE_UNAVAILABLE"}')).toBe(1);
  });

  it('for rates are counted', async () => {
    await using limited = await startFixture({ config: { rateLimits: { perKey: 1, perProject: 10 } } });
    const statuses = [];
    for (let index = 0; index < 3; index += 1)
      statuses.push((await limited.send('GET', '/v2/evm/accounts')).status);
    expect(statuses).toContain(429);
    expect(await limited.metrics()).toMatch(/strongroom_refusals_total\{code="RATE_LIMITED"\} [12]/);
  });

  it('of the queue for one name are counted', async () => {
    fixture.enclave.override({
      'create-evm-account': async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new OperationError('WALLET_TOKEN_MISSING');
      },
    });
    const creates = Array.from({ length: 70 }, () =>
      fixture.send('POST', '/v2/evm/accounts', { body: '{"name":"crowd"}' }),
    );
    const statuses = (await Promise.all(creates)).map(({ status }) => status);
    const refused = statuses.filter((status) => status === 409).length;
    expect(await seriesValue('strongroom_queue_refusals_total{queue="turns"}')).toBe(refused);
    fixture.enclave.override({ 'create-evm-account': undefined as never });
  });
});

it('no token, body, address or id is in any of it', async () => {
  const { json: account } = await fixture.send('POST', '/v2/evm/accounts', {
    body: '{"name":"confidential"}',
    headers: { 'x-idempotency-key': 'needle-key' },
  });
  await fixture.send('POST', `/v2/evm/accounts/${account.address}/sign`, { body: '{"hash":"0xneedle"}' });
  await fixture.send('POST', '/v2/enclave/project-nonces', { body: '{}', bearer: ENROLMENT_TOKEN });
  const text = await fixture.metrics();
  expect(text).toContain('/v2/evm/accounts/:address/sign');
  for (const needle of [
    account.address.slice(2),
    'confidential',
    'needle',
    fixture.apiKey.id,
    Buffer.from(fixture.projectId).toString('hex'),
    'wallet.token',
    ENROLMENT_TOKEN,
    'eyJ',
  ])
    expect(text.toLowerCase().includes(String(needle).toLowerCase()), needle).toBe(false);
});
