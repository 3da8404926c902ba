import { MAX_FRAME_BYTES } from '@strongroom/shared/wire/frame';
import { RequestError } from '../request-error.ts';
import type { AccountKey, SigningRows } from '../store/store.ts';
import { addressNotFound } from './account.ts';
import type { ChainApi } from './chain-api.ts';
import { isOlderVersion } from './newest-project.ts';
import type { ProjectRequest } from './request.ts';
import type { Services } from './services.ts';

/** Tokens, path, names of fields and both records. */
const ENVELOPE_BYTES = 32 * 1024;

interface SigningRequest {
  readonly api: ChainApi;
  readonly key: AccountKey;
  readonly request: ProjectRequest;
}

/**
 * Asks the enclave with an account's rows of one moment, and once more when an update has replaced them between reading and presenting.
 * @throws RequestError NOT_FOUND, PAYLOAD_TOO_LARGE, and what `ask` throws
 */
export async function withSigningRows<T>(
  { api, key, request }: SigningRequest,
  { store, lazyReseal }: Pick<Services, 'store' | 'lazyReseal'>,
  ask: (rows: SigningRows) => Promise<T>,
): Promise<T> {
  const rows = await store.findSigningRows(key);
  if (rows === null) throw addressNotFound(api);
  assertFits(rows, request.body);
  try {
    const answer = await ask(rows);
    lazyReseal.note(key, rows);
    return answer;
  } catch (error) {
    const newest = isOlderVersion(error) ? await store.findSigningRows(key) : null;
    if (newest === null || !isNewer(newest, rows)) throw error;
    assertFits(newest, request.body);
    return await ask(newest);
  }
}

function isNewer(newest: SigningRows, { project, rows }: SigningRows): boolean {
  return (
    newest.project.authority.version > project.authority.version ||
    newest.rows.account.version > rows.account.version
  );
}

/** @throws RequestError PAYLOAD_TOO_LARGE: a body of the largest size may come on top of two policies of the largest size: that is more than a frame. */
export function assertFits({ project, rows, policies }: SigningRows, body: Uint8Array): void {
  const parts = [body, project.authority.sealed, rows.account.sealed, rows.walletKey, ...policies];
  const bytes = parts.reduce((sum, { length }) => sum + length, ENVELOPE_BYTES);
  if (bytes > MAX_FRAME_BYTES) throw new RequestError('PAYLOAD_TOO_LARGE');
}
