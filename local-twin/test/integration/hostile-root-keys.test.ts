// A parent that would have the root key wrapped by a KMS key of its own, however honest that looks today.
import { addRootWraps } from '@strongroom/shared/operations/add-root-wraps';
import { announceRootKey } from '@strongroom/shared/operations/announce-root-key';
import { getRootKey } from '@strongroom/shared/operations/get-root-key';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
