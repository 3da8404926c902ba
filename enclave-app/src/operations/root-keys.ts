import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { addRootWraps } from '@strongroom/shared/operations/add-root-wraps';
import type { getRootKey } from '@strongroom/shared/operations/get-root-key';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { activateRoot, addWraps, announceRoot, retireRoots } from '../boot/root-changes.ts';
import type { ReadyService } from '../ready-service.ts';

type WrappingRequest = ParsedRequestOf<typeof addRootWraps>;
type RootChange = Promise<ResponseOf<typeof addRootWraps>>;

export function handleGetRootKey(
  _request: unknown,
  { rootKey, deployment }: ReadyService,
): ResponseOf<typeof getRootKey> {
  const { version, roots } = rootKey.describeRoots();
  return {
    recordVersion: version,
    generation: deployment.roots.current.generation,
    roots: roots.map(({ generation, wraps }) => ({ generation, keyArns: wraps.map(({ keyArn }) => keyArn) })),
  };
}

export async function handleAnnounceRootKey(
  { keyArns }: WrappingRequest,
  { rootKey, entropy }: ReadyService,
): RootChange {
  const announce = rootKey.changeRoots(
    (loaded, wrapping) => announceRoot(loaded, wrapping, entropy),
    keyArns,
  );
  return { rootRecord: await announce };
}

export async function handleActivateRootKey(_request: unknown, { rootKey }: ReadyService): RootChange {
  return { rootRecord: await rootKey.changeRoots(activateRoot, null) };
}

/** A generation goes only after this enclave saw a review through to its end under the one that stays. */
export async function handleRetireRootKey(
  _request: unknown,
  { rootKey, deployment, rotationReviews }: ReadyService,
): RootChange {
  if (rotationReviews.certifiedGeneration !== deployment.roots.current.generation) {
    throw new OperationError('ROTATION_REFUSED');
  }
  return { rootRecord: await rootKey.changeRoots(retireRoots, null) };
}

export async function handleAddRootWraps(
  { keyArns }: WrappingRequest,
  { rootKey }: ReadyService,
): RootChange {
  return { rootRecord: await rootKey.changeRoots(addWraps, keyArns) };
}
