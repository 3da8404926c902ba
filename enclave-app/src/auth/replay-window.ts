import { hash } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';

/** Tokens that were used and could still be in time. */
export interface ReplayWindow {
  /** Tokens held, those included whose time has run out and whose generation has not. */
  readonly size: number;
  readonly capacity: number;
  /**
   * Reserves a token for good. Call it in the same turn of the event loop in which its signature was verified.
   * @throws OperationError WALLET_TOKEN_REPLAYED, REPLAY_TABLE_FULL
   */
  reserve(projectId: Uint8Array, tokenId: Uint8Array, expiresAtMs: number): void;
}

/** Tokens of each project: 16 characters each, in sets of their own, so that the project is not repeated in every one. */
interface Generation {
  readonly perProject: Map<string, Set<string>>;
  size: number;
  lastExpiryMs: number;
}

/** The identity of a token: the first 16 bytes of SHA-256 over its `jti`. */
export function tokenIdOf(jti: string): Uint8Array {
  return hash('sha256', jti, 'buffer').subarray(0, 16);
}

/**
 * Two generations: the younger takes reservations, the elder is dropped whole once all in it have expired. A full table
 * refuses; it never forgets a token that could be replayed.
 */
export function createReplayWindow(options: {
  readonly maxEntries: number;
  readonly maxEntriesPerProject: number;
  /** Longest time from reservation to expiry. */
  readonly tokenLifeMs: number;
  readonly nowMs: () => number;
}): ReplayWindow {
  let younger = newGeneration();
  let elder = newGeneration();
  let youngerSinceMs = options.nowMs();

  function turnOver(nowMs: number): void {
    if (nowMs > elder.lastExpiryMs && nowMs - youngerSinceMs >= options.tokenLifeMs) {
      elder = younger;
      younger = newGeneration();
      youngerSinceMs = nowMs;
    }
    if (nowMs > elder.lastExpiryMs) elder = newGeneration();
  }

  return {
    get size() {
      return younger.size + elder.size;
    },
    capacity: options.maxEntries,
    reserve(projectId, tokenId, expiresAtMs) {
      turnOver(options.nowMs());
      const project = latin1(projectId.subarray(0, 16));
      const token = latin1(tokenId);
      const inElder = elder.perProject.get(project);
      const inYounger = younger.perProject.get(project);
      if (inYounger?.has(token) || inElder?.has(token)) throw new OperationError('WALLET_TOKEN_REPLAYED');
      const ofProject = (inYounger?.size ?? 0) + (inElder?.size ?? 0);
      if (younger.size + elder.size >= options.maxEntries || ofProject >= options.maxEntriesPerProject) {
        throw new OperationError('REPLAY_TABLE_FULL');
      }
      if (inYounger === undefined) younger.perProject.set(project, new Set([token]));
      else inYounger.add(token);
      younger.size += 1;
      younger.lastExpiryMs = Math.max(younger.lastExpiryMs, expiresAtMs);
    },
  };
}

function newGeneration(): Generation {
  return { perProject: new Map(), size: 0, lastExpiryMs: 0 };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
