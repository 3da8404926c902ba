// A parent that works at the root key: KMS keys of its own, reviews that pass over rows, steps out of order.
import { activateRootKey } from '@strongroom/shared/operations/activate-root-key';
import { addRootWraps } from '@strongroom/shared/operations/add-root-wraps';
import { announceRootKey } from '@strongroom/shared/operations/announce-root-key';
import { certifyRotation } from '@strongroom/shared/operations/certify-rotation';
import { getRootKey } from '@strongroom/shared/operations/get-root-key';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import { retireRootKey } from '@strongroom/shared/operations/retire-root-key';
import { reviewRows } from '@strongroom/shared/operations/review-rows';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLabProject, type LabProject } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
/** Of the same account and Region, with the policy that the enclave asks for: its owner can change that tomorrow. */
const FOREIGN_ARN = TWIN_KEY_ARN.replace(/.$/, 'f');
let lab: Laboratory;
let enclave: LabEnclave;

beforeAll(async () => {
  lab = await openLaboratory();
  lab.kms.createKey({ arn: FOREIGN_ARN, policy: twinKeyPolicy([lab.measurements], 'genesis') });
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('a KMS key that the measured configuration does not name', () => {
  it.each([
    ['alone', [FOREIGN_ARN]],
    ['beside one that it names', [TWIN_KEY_ARN, FOREIGN_ARN]],
  ])('wraps no root key: %s', async (_case, keyArns) => {
    await expect(enclave.call(announceRootKey, { keyArns })).rejects.toThrow(code('ROTATION_REFUSED'));
    await expect(enclave.call(addRootWraps, { keyArns })).rejects.toThrow(code('ROTATION_REFUSED'));
    const { roots } = await enclave.call(getRootKey, {});
    expect(roots).toEqual([{ generation: 1, keyArns: [TWIN_KEY_ARN] }]);
  });
});

/** In the order of a review. */
async function twoProjects(): Promise<readonly [LabProject, LabProject]> {
  const [one, other] = [await createLabProject(enclave), await createLabProject(enclave)];
  return Buffer.compare(one.rows.projectId, other.rows.projectId) < 0 ? [one, other] : [other, one];
}

const see = ({ rows }: LabProject, reviewId: Uint8Array | null, part: 'inner' | 'last') =>
  enclave.call(reviewRows, { reviewId, project: rows, importKey: null, accounts: [], part });

describe('a review', () => {
  it('does not go on to the next project before it was told that it saw the last of one', async () => {
    const [first, second] = await twoProjects();
    const { reviewId } = await see(first, null, 'inner');
    await expect(see(second, reviewId, 'last')).rejects.toThrow(code('ROTATION_REFUSED'));
  });
});

describe('a root key that was announced and does not seal yet', () => {
  it('is not dropped in favour of the one that seals, nor certified by a review from before', async () => {
    const [first, second] = await twoProjects();
    const { reviewId } = await see(first, null, 'last');
    const { rootRecord } = await enclave.call(announceRootKey, { keyArns: null });
    await enclave.call(loadRootRecord, { rootRecord });
    await enclave.call(certifyRotation, { reviewId: null });
    await expect(enclave.call(retireRootKey, {})).rejects.toThrow(code('ROTATION_REFUSED'));
    const activated = await enclave.call(activateRootKey, {});
    await enclave.call(loadRootRecord, activated);
    // The rows are still of the old generation, and the certificate would say that they are of the new one.
    await expect(see(second, reviewId, 'last')).rejects.toThrow(code('ROTATION_REFUSED'));
  });
});
