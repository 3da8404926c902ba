// A parent that cheats while the enclave starts: the root records that it presents.
import { getStatus } from '@strongroom/shared/operations/get-status';
import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { runGenesis } from '@strongroom/shared/operations/run-genesis';
import { type CborValue, decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { expectRootRefused } from '../support/refused-root.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: Laboratory;

beforeAll(async () => {
  lab = await openLaboratory();
  await lab.rootRecord();
});
afterAll(() => lab[Symbol.asyncDispose]());

const expectRefused = (expected: string, record: Uint8Array) => expectRootRefused(lab, expected, record);

describe('root records', () => {
  /** The laboratory's record with one field of its body changed. */
  async function altered(
    change: (body: Record<string, CborValue>) => Record<string, CborValue>,
  ): Promise<Uint8Array> {
    const record = decodeCbor(await lab.rootRecord()) as {
      body: Record<string, CborValue>;
      identity: CborValue;
    };
    return encodeCbor({ ...record, body: change(record.body) });
  }

  it('hidden: the enclave waits for an operator and makes none by itself', async () => {
    await using enclave = await lab.boot();
    expect(await enclave.call(loadRootRecord, { rootRecord: null })).toEqual({ phase: 'needs-genesis' });
    await expect(enclave.call(issueProjectNonce, {})).rejects.toThrow(code('PHASE_REFUSED'));
    expect((await enclave.call(getStatus, {})).deploymentId).toBeNull();
  });

  it('replaced after the start', async () => {
    await using enclave = await lab.bootReady();
    await expect(enclave.call(loadRootRecord, { rootRecord: null })).rejects.toThrow(
      code('ROOT_ALREADY_LOADED'),
    );
    const other = await makeSecondRecord();
    await expect(enclave.call(loadRootRecord, { rootRecord: other })).rejects.toThrow(
      code('ROOT_ALREADY_LOADED'),
    );
    expect(await enclave.call(loadRootRecord, { rootRecord: await lab.rootRecord() })).toEqual({
      phase: 'ready',
    });
    await expect(enclave.call(runGenesis, {})).rejects.toThrow(code('PHASE_REFUSED'));
  });

  it('of another deployment, version or generation, or with parts of another', async () => {
    const other = decodeCbor(await makeSecondRecord()) as {
      body: Record<string, CborValue>;
      identity: CborValue;
    };
    const own = decodeCbor(await lab.rootRecord()) as {
      body: Record<string, CborValue>;
      identity: CborValue;
    };
    await expectRefused('ROOT_RECORD_REFUSED', encodeCbor({ ...own, identity: other.identity }));
    await expectRefused('ROOT_RECORD_REFUSED', await altered((body) => ({ ...body, version: 2 })));
    await expectRefused(
      'ROOT_RECORD_REFUSED',
      await altered((body) => ({ ...body, deploymentId: Buffer.alloc(32) })),
    );
    await expectRefused(
      'ROOT_RECORD_REFUSED',
      await altered((body) => ({ ...body, identityKey: other.body['identityKey'] ?? null })),
    );
    // KMS itself refuses a data key of another deployment or generation: its encryption context is another one.
    await expectRefused(
      'KMS_DENIED',
      await altered((body) => ({ ...body, roots: other.body['roots'] ?? null })),
    );
    const generation = (body: Record<string, CborValue>) => ({
      ...body,
      roots: (body['roots'] as readonly Record<string, CborValue>[]).map((root) => ({
        ...root,
        generation: 2,
      })),
    });
    await expectRefused('KMS_DENIED', await altered(generation));
  });

  it('broken in any way', async () => {
    const record = await lab.rootRecord();
    await expectRefused('ROOT_RECORD_REFUSED', Buffer.from('00', 'hex'));
    await expectRefused('ROOT_RECORD_REFUSED', record.subarray(0, record.length - 1));
    await expectRefused('ROOT_RECORD_REFUSED', await altered((body) => ({ ...body, roots: [] })));
    await expectRefused('ROOT_RECORD_REFUSED', await altered((body) => ({ ...body, extra: 1 })));
  });

  it('made twice at once by one enclave: the second genesis finds it past that, and the record of the first opens', async () => {
    await using enclave = await lab.boot();
    await enclave.call(loadRootRecord, { rootRecord: null });
    const [first, second] = await Promise.allSettled([
      enclave.call(runGenesis, {}),
      enclave.call(runGenesis, {}),
    ]);
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'PHASE_REFUSED' } });
    const { rootRecord } = (first as PromiseFulfilledResult<{ rootRecord: Uint8Array }>).value;
    expect(await enclave.call(loadRootRecord, { rootRecord })).toEqual({ phase: 'ready' });
  });

  it('of two enclaves racing through genesis: the stored one wins for both', async () => {
    await using one = await lab.boot();
    await using two = await lab.boot();
    for (const enclave of [one, two]) await enclave.call(loadRootRecord, { rootRecord: null });
    const [first, second] = await Promise.all([one.call(runGenesis, {}), two.call(runGenesis, {})]);
    expect(Buffer.compare(first.rootRecord, second.rootRecord)).not.toBe(0);
    for (const enclave of [one, two]) await enclave.call(loadRootRecord, { rootRecord: first.rootRecord });
    const ids = await Promise.all(
      [one, two].map(async (enclave) => (await enclave.call(getStatus, {})).deploymentId),
    );
    expect(Buffer.compare(ids[0] as Uint8Array, ids[1] as Uint8Array)).toBe(0);
  });
});

async function makeSecondRecord(): Promise<Uint8Array> {
  await using enclave = await lab.boot();
  await enclave.call(loadRootRecord, { rootRecord: null });
  return (await enclave.call(runGenesis, {})).rootRecord;
}
