// What the proxy shows of the enclave's own numbers, and of what is left to do, in the operator's Prometheus.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { EnclaveEvent } from '@strongroom/shared/operations/enclave-event';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/store/store-error.ts';
import { startFixture } from '../proxy-fixture.ts';

describe("the enclave's own numbers", () => {
  it('are shown as it told them last, and its events are lines of the log, each once', async () => {
    let newest = 0;
    const events: EnclaveEvent[] = [];
    const report = (event: object) => {
      newest += 1;
      events.push({ sequence: newest, uptimeS: 5, ...event } as EnclaveEvent);
    };
    report({ event: 'kms-call-failed', call: 'Decrypt', keyIndex: 0, code: 'KMS_DENIED' });
    report({
      event: 'request-not-trusted',
      operation: 'sign-evm-hash',
      code: 'RECORD_FORKED',
      projectId: Buffer.alloc(32, 0xaa),
    });
    await using told = await startFixture();
    const bootId = Buffer.alloc(16, 7);
    told.enclave.override({
      'read-events': ({ after }) => ({
        bootId,
        events: events.filter(({ sequence }) => sequence > after),
        newest,
        dropped: after === 0 ? 3 : 0,
      }),
      'get-metrics': () => ({ ...METRICS, bootId }),
    });
    const lines = () => told.logLines.filter((line) => line.includes('enclave-reported'));
    await expect.poll(() => lines().length, { timeout: 15_000, interval: 50 }).toBe(2);
    report({ event: 'genesis-made' });
    await expect.poll(() => lines().length, { timeout: 15_000, interval: 50 }).toBe(3);
    expect(lines().map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 40,
        reported: 'kms-call-failed',
        call: 'Decrypt',
        keyIndex: 0,
        code: 'KMS_DENIED',
        sequence: 1,
      },
      { level: 40, reported: 'request-not-trusted', projectId: 'aa'.repeat(32), bootId: '07'.repeat(16) },
      { level: 30, reported: 'genesis-made', sequence: 3 },
    ]);
    const text = await told.metrics();
    for (const line of [
      'strongroom_enclave_requests_total{operation="sign-evm-hash",outcome="OK"} 12',
      'strongroom_enclave_kms_calls_total{call="Decrypt",outcome="KMS_DENIED"} 2',
      'strongroom_enclave_signatures_total{curve="secp256k1"} 12',
      'strongroom_enclave_replay_window_entries 7',
      'strongroom_enclave_heap_used_bytes 20971520',
      'strongroom_enclave_key_policy_age_seconds 60',
      'strongroom_enclave_phase{phase="ready"} 1',
      'strongroom_enclave_phase{phase="unreachable"} 0',
      'strongroom_enclave_events_dropped_total 3',
    ])
      expect(text).toContain(`${line}\n`);
    // An operation of no registry, from whoever might answer in the enclave's place, is no label.
    expect(text).not.toContain('not-an-operation');
    await told.enclave.close();
    await expect.poll(() => told.metrics(), { timeout: 10_000 }).toContain('{phase="unreachable"} 1');
    expect(await told.metrics()).not.toMatch(/^strongroom_enclave_(?:heap|uptime|requests)\S* \d/m);
  });

  const METRICS = {
    uptimeS: 90,
    requests: [
      { operation: 'sign-evm-hash', outcome: 'OK' as const, count: 12 },
      { operation: 'not-an-operation', outcome: 'OK' as const, count: 1 },
    ],
    unknownOperations: 0,
    signatures: { secp256k1: 12, ed25519: 0 },
    kmsCalls: [{ call: 'Decrypt' as const, outcome: 'KMS_DENIED' as const, count: 2 }],
    keyPolicyAgeS: 60,
    rowsResealed: 0,
    connections: { open: 1, accepted: 1 },
    tables: { replayWindow: { entries: 7, capacity: 10 }, recordMarks: { entries: 1, capacity: 10 } },
    memory: { residentMiB: 80, heapUsedMiB: 20, heapLimitMiB: 100 },
    eventLoopDelay: { p50Ms: 0, p99Ms: 2, maxMs: 9 },
    events: { newest: 3, kept: 3 },
  };
});

describe('what is left to do', () => {
  it('is the depth of the outbox, and the rows of a rotation that is under way', async () => {
    await using idle = await startFixture();
    expect(await idle.metrics()).toMatch(
      /^strongroom_outbox_entries\{state="stored"\} 0\nstrongroom_outbox_entries\{state="broadcast"\} 0$/m,
    );
    expect(await idle.metrics()).toContain('strongroom_rotation_rows_remaining 0\n');
    const roots = [1, 2].map((generation) => ({ generation, keyArns: [] }));
    idle.enclave.override({ 'get-root-key': () => ({ recordVersion: 2, generation: 1, roots }) });
    const text = await idle.metrics();
    expect(text).toContain('strongroom_rotation_generations 2\n');
    expect(text).toContain('strongroom_rotation_rows_remaining 1\n');
  });

  it('is left out while nobody can tell', async () => {
    await using broken = await startFixture({
      wrapStore: (store) => ({
        ...store,
        countOutbox: () => Promise.reject(new StoreError('STORE_UNAVAILABLE')),
      }),
    });
    broken.enclave.override({
      'get-root-key': () => {
        throw new OperationError('PHASE_REFUSED');
      },
    });
    expect(await broken.metrics()).not.toMatch(/^strongroom_(?:outbox_entries|rotation_)\S* \d/m);
  });
});
