import { requestHash } from '@strongroom/shared/json/canonical-json';
import type { JsonNode } from '@strongroom/shared/json/parse-json';
import { RequestError } from '../request-error.ts';
import type { DoneRequest, IdempotencyClaim } from '../store/idempotency-store.ts';
import type { Store } from '../store/store.ts';
import { parseJsonBody } from './json.ts';
import { type Answer, headerOf, type ProjectRequest } from './request.ts';

const KEY = /^[\x21-\x7e]{1,128}$/;
const EMPTY_BODY = Buffer.from('{}');

/** What is known of earlier attempts of a request. */
export interface Attempt {
  /** Held by this attempt, which marks it done or has it abandoned by throwing; null for a request without a key, or a repeated one. */
  readonly claim: IdempotencyClaim | null;
  /** Set when an earlier attempt did all of it. */
  readonly repeated: DoneRequest | null;
}

/** SHA-256 of what a request has in common with its repetitions. @throws RequestError MALFORMED_JSON */
export type Fingerprint = (body: Uint8Array) => Uint8Array;

interface Services {
  readonly store: Pick<Store, 'claimIdempotencyKey' | 'abandonIdempotentRequest'>;
  readonly nowMs: () => number;
}

/**
 * Runs a request under its `X-Idempotency-Key`, if it has one. A repeated request is verified in the enclave like the
 * first. One that signs is executed again; one that made or changed something gets the answer of the first time.
 * @throws RequestError IDEMPOTENCY_MISMATCH, IDEMPOTENCY_IN_PROGRESS, INVALID_REQUEST, MALFORMED_JSON, and what `act` throws
 */
export async function idempotently(
  request: ProjectRequest,
  { store, nowMs }: Services,
  act: (attempt: Attempt) => Promise<Answer>,
  fingerprint: Fingerprint = fingerprintOf,
): Promise<Answer> {
  const key = headerOf(request, 'x-idempotency-key');
  if (key === undefined) return await act({ claim: null, repeated: null });
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
    { ...scope, fingerprint: fingerprint(request.body) },
    nowMs(),
  );
  switch (outcome.kind) {
    case 'mismatch':
      throw new RequestError('IDEMPOTENCY_MISMATCH');
    case 'in-progress':
      throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
    case 'repeated':
      return await act({ claim: null, repeated: outcome.done });
    case 'claimed':
      return await orAbandon(store, outcome.claim, act);
  }
}

/** The claim with the answer that is to be kept for repetitions. */
export function keeping(claim: IdempotencyClaim | null, { status, body }: Answer): IdempotencyClaim | null {
  return claim === null ? null : { ...claim, answer: { status, body: Buffer.from(body) } };
}

/** The answer of the first time. @throws RequestError CONFLICT when that was under a release that kept none */
export function keptAnswer({ answer }: DoneRequest): Answer {
  if (answer === null) throw new RequestError('CONFLICT');
  return answer;
}

async function orAbandon(
  store: Services['store'],
  claim: IdempotencyClaim,
  act: (attempt: Attempt) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await act({ claim, repeated: null });
  } catch (error) {
    // If this fails too, the claim runs out by itself; the first failure is the one to report.
    await store.abandonIdempotentRequest(claim).catch(() => undefined);
    throw error;
  }
}

/** The same for every spelling that the enclave takes for the same body. */
function fingerprintOf(body: Uint8Array): Uint8Array {
  return hashOf(readNode(body));
}

/** The same for bodies that differ in one member: in a ciphertext, say, which the enclave compares by what it decrypts to. */
export function fingerprintWithout(member: string): Fingerprint {
  return (body) => {
    const node = readNode(body);
    if (node.kind !== 'object') return hashOf(node);
    return hashOf({ kind: 'object', members: node.members.filter(({ key }) => key !== member) });
  };
}

function readNode(body: Uint8Array): JsonNode {
  return parseJsonBody(body.length === 0 ? EMPTY_BODY : body);
}

function hashOf(node: JsonNode): Uint8Array {
  return Buffer.from(requestHash(node, 'code-point'), 'hex');
}
