/** A request that its client may repeat under the same key. */
export interface IdempotentRequest {
  readonly projectId: Uint8Array;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Uint8Array;
}

/** The right to finish an idempotent request, held by one attempt at a time. */
export interface IdempotencyClaim {
  readonly request: IdempotentRequest;
  readonly attempt: Uint8Array;
}

export type IdempotencyOutcome =
  | { readonly kind: 'claimed'; readonly claim: IdempotencyClaim }
  /** Done before. `madeId` is the account's address key, the policy's id, a transaction's network and id, or an export's receipt id, if it made one. */
  | { readonly kind: 'repeated'; readonly madeId: string | null }
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'mismatch' };

/** What is known of requests that may come again. */
export interface IdempotencyStore {
  claimIdempotencyKey(request: IdempotentRequest, nowMs: number): Promise<IdempotencyOutcome>;
  /** Marks a request done that changed no row of its own. */
  finishIdempotentRequest(claim: IdempotencyClaim): Promise<void>;
  /** Lets the key be used again after a request that was refused. */
  abandonIdempotentRequest(claim: IdempotencyClaim): Promise<void>;
  removeExpiredIdempotencyKeys(nowMs: number): Promise<number>;
}
