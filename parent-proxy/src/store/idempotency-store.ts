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
  /** Kept with what the request changes; absent where a repetition is answered from what the first one made. */
  readonly answer?: KeptAnswer;
}

/** The answer to a request, for its repetitions. Nothing that is secret, not even encrypted, is kept so. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** What is left of a request that was done. */
export interface DoneRequest {
  /** The account's address key, a transaction's network and id, a user operation's hash, or an export's receipt id, if it made one. */
  readonly madeId: string | null;
  readonly answer: KeptAnswer | null;
}

export type IdempotencyOutcome =
  | { readonly kind: 'claimed'; readonly claim: IdempotencyClaim }
  | { readonly kind: 'repeated'; readonly done: DoneRequest }
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
