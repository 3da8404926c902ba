import { requestHash } from '@strongroom/shared/json/canonical-json';
import { RequestError } from '../request-error.ts';
import type { IdempotencyClaim, Store } from '../store/store.ts';
import { parseJsonBody } from './json.ts';
import { type Answer, headerOf, type ProjectRequest } from './request.ts';

const KEY = /^[\x21-\x7e]{1,128}$/;
const EMPTY_BODY = Buffer.from('{}');

/** What is known of earlier attempts of a request. */
export interface Attempt {
  /** Held by this attempt, which marks it done or has it abandoned by throwing; null for a request without a key, or a repeated one. */
  readonly claim: IdempotencyClaim | null;
  /** Where the account is that an earlier attempt made. */
  readonly madeAddressKey: string | null;
}

interface Services {
  readonly store: Pick<Store, 'claimIdempotencyKey' | 'abandonIdempotentRequest'>;
  readonly nowMs: () => number;
}

/**
 * Runs a request under its `X-Idempotency-Key`, if it has one. No answer is kept: a repeated request is verified and executed
 * again, and one that made an account is told which.
 * @throws RequestError IDEMPOTENCY_MISMATCH, IDEMPOTENCY_IN_PROGRESS, INVALID_REQUEST, MALFORMED_JSON, and what `act` throws
 */
export async function idempotently(
  request: ProjectRequest,
  { store, nowMs }: Services,
  act: (attempt: Attempt) => Promise<Answer>,
): Promise<Answer> {
  const key = headerOf(request, 'x-idempotency-key');
  if (key === undefined) return await act({ claim: null, madeAddressKey: null });
  if (!KEY.test(key)) {
    throw new RequestError('INVALID_REQUEST', {
      clientMessage: 'The idempotency key must have 1 to 128 visible ASCII characters.',
    });
  }
  const { principal, method, path } = request;
  const scope = {
    projectId: principal.project.projectId,
    method,
    path: path.replace(/^\/platform(?=\/)/, ''),
    key,
  };
  const outcome = await store.claimIdempotencyKey(
    { ...scope, fingerprint: fingerprintOf(request.body) },
    nowMs(),
  );
  switch (outcome.kind) {
    case 'mismatch':
      throw new RequestError('IDEMPOTENCY_MISMATCH');
    case 'in-progress':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
    case 'repeated':
      return await act({ claim: null, madeAddressKey: outcome.addressKey });
    case 'claimed':
      return await orAbandon(store, outcome.claim, act);
  }
}

async function orAbandon(
  store: Services['store'],
  claim: IdempotencyClaim,
  act: (attempt: Attempt) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await act({ claim, madeAddressKey: null });
  } catch (error) {
    // If this fails too, the claim runs out by itself; the first failure is the one to report.
    await store.abandonIdempotentRequest(claim).catch(() => undefined);
    throw error;
  }
}

/** The same for every spelling that the enclave takes for the same body. */
function fingerprintOf(body: Uint8Array): Uint8Array {
  const node = parseJsonBody(body.length === 0 ? EMPTY_BODY : body);
  return Buffer.from(requestHash(node, 'code-point'), 'hex');
}
