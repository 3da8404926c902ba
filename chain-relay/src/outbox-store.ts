import type { ChainNetwork } from '@strongroom/shared/api/networks';

/**
 * What is known of a signed transaction.
 * `stored`: durable, and perhaps no node has seen it. `broadcast`: a node took it. `final`: it is on the chain for good.
 * `replaced`: another transaction used its nonce. `expired`: its blockhash is too old. `refused`: no node ever took it, and none will
 * be asked again; its nonce is free.
 */
export type OutboxState = 'stored' | 'broadcast' | 'final' | 'replaced' | 'expired' | 'refused';
/** States in which there is something left to do. */
export const OPEN_STATES = ['stored', 'broadcast'] as const satisfies readonly OutboxState[];

/** One signed transaction. */
export interface OutboxEntry {
  readonly network: ChainNetwork;
  /** Transaction hash or first signature; unique per network. */
  readonly id: string;
  readonly projectId: Uint8Array;
  /** Of the wallet token that it was signed for; no two entries of a project share one. */
  readonly tokenId: Uint8Array;
  /** Lower case for EVM. */
  readonly sender: string;
  /** Null for Solana. */
  readonly nonce: number | null;
  readonly raw: Uint8Array;
  /** JSON of what the relay proposed, so that a repeated request leads to the same bytes. */
  readonly proposal: string;
  readonly state: OutboxState;
  /** What a node said against it last, as a code. */
  readonly refusal: string | null;
  readonly attempts: number;
  readonly createdAtMs: number;
  /** When the next look at it is due. */
  readonly dueAtMs: number;
}

export type OutboxKey = Pick<OutboxEntry, 'network' | 'id'>;

/** An entry as somebody saw it: each claim counts an attempt, so the number tells one claim from the next. */
export type OutboxLook = OutboxKey & Pick<OutboxEntry, 'attempts'>;

/** What changes of an entry. */
export interface OutboxProgress {
  readonly state: OutboxState;
  readonly refusal: string | null;
  readonly dueAtMs: number;
}

/** Whoever sends with a nonce of the service's choice holds the account meanwhile. */
export interface NonceLease {
  readonly network: ChainNetwork;
  readonly sender: string;
  /** 16 random bytes. */
  readonly holder: Uint8Array;
}

/** What the relay needs of the database that all proxies share. Changes are durable when a verb resolves. */
export interface OutboxStore {
  /** Takes or renews the lease unless another holder has it. */
  takeNonceLease(
    lease: NonceLease,
    until: { readonly nowMs: number; readonly expiresAtMs: number },
  ): Promise<boolean>;
  releaseNonceLease(lease: NonceLease): Promise<void>;
  /** Nonces from `from` on that entries of the account have, whatever became of them, unless refused. */
  usedNonces(key: Pick<NonceLease, 'network' | 'sender'>, from: number): Promise<ReadonlySet<number>>;
  /** Entries in an open state that are due, oldest first; each counts an attempt and is given to one caller until `untilMs`. */
  claimDueEntries(
    limit: number,
    until: { readonly nowMs: number; readonly untilMs: number },
  ): Promise<readonly OutboxEntry[]>;
  /**
   * Records what a look came to, unless it is another's: an entry is settled once, and whoever was kept from it for so long that somebody
   * else has claimed it since says nothing more about it.
   * @param seen as it was stored, or claimed last
   * @returns whether it did
   */
  recordProgress(seen: OutboxLook, progress: OutboxProgress): Promise<boolean>;
  /** Refuses an entry for good, unless somebody else has had a look at it meanwhile; says whether it did. */
  refuseEntry(key: OutboxKey, refusal: string): Promise<boolean>;
}
