import { addRootWraps } from '@strongroom/shared/operations/add-root-wraps';
import { getRootKey } from '@strongroom/shared/operations/get-root-key';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { changeRootRecord, presentRootRecord } from '../rotation/root-record.ts';
import { type RotationOptions, type RotationOutcome, rotateRootKey } from '../rotation/rotate-root-key.ts';
import type { Deployment } from './deployment.ts';

/** Generations of the root key that the enclave holds, and the KMS keys that wrap each. */
export type RootKeyState = ResponseOf<typeof getRootKey>;

/** As the stored root record has them. @throws OperationError, StoreError */
export async function rootKeyState(deployment: Deployment): Promise<RootKeyState> {
  await presentRootRecord(deployment);
  return await deployment.call(getRootKey, {});
}

/** Wraps the root key by further KMS keys; by all of the configuration when `keyArns` is null. @throws OperationError, StoreError */
export async function addKmsKeys(
  deployment: Deployment,
  keyArns: readonly string[] | null,
): Promise<RootKeyState> {
  const asked = keyArns === null ? null : [...keyArns];
  await changeRootRecord(deployment, () => deployment.call(addRootWraps, { keyArns: asked }));
  return await deployment.call(getRootKey, {});
}

/** Rotates the root key of a deployment, beside its proxies. @throws OperationError, StoreError */
export async function rotate(
  { call, store }: Deployment,
  options: Omit<RotationOptions, 'call' | 'store'>,
): Promise<RotationOutcome> {
  return await rotateRootKey({ ...options, call, store });
}
