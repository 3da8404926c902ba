import { OperationError } from '@strongroom/shared/channel/operation-error';
import { RequestError } from '../request-error.ts';
import type { Principal, Store } from '../store/store.ts';
import type { ProjectRequest } from './request.ts';

/**
 * Asks the enclave with the project as it was read when the request was authenticated, and once more when a newer record has been
 * presented to it since: the enclave refuses the older one before it uses the request's token up.
 * @throws RequestError BEARER_REFUSED when the API key was revoked in between, and what `ask` throws
 */
export async function withNewestProject<T>(
  { principal }: ProjectRequest,
  { store }: { readonly store: Pick<Store, 'findPrincipal'> },
  ask: (principal: Principal) => Promise<T>,
): Promise<T> {
  try {
    return await ask(principal);
  } catch (error) {
    if (!isOlderVersion(error)) throw error;
    const newest = await store.findPrincipal(principal.apiKeyId);
    if (newest === null) throw new RequestError('BEARER_REFUSED');
    // None newer: then the store was rolled back, and nothing here can help.
    if (newest.project.authority.version <= principal.project.authority.version) throw error;
    return await ask(newest);
  }
}

export function isOlderVersion(error: unknown): boolean {
  return error instanceof OperationError && error.code === 'RECORD_OLDER_VERSION';
}
