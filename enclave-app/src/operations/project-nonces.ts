import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';

const NONCE_LIFE_MS = 5 * 60_000;
const MAX_NONCES = 4096;

/** Nonces for project genesis: each is good once, for five minutes, in this enclave's life. */
export interface ProjectNonces {
  /** @throws OperationError OVERLOADED when 4096 are outstanding */
  issue(nowMs: number): { readonly nonce: Uint8Array; readonly expiresAtMs: number };
  /** @throws OperationError PROJECT_NONCE_REFUSED */
  spend(nonce: Uint8Array, nowMs: number): void;
}

export function createProjectNonces(): ProjectNonces {
  const outstanding = new Map<string, number>();
  return {
    issue(nowMs) {
      for (const [key, expiresAtMs] of outstanding) if (expiresAtMs < nowMs) outstanding.delete(key);
      if (outstanding.size >= MAX_NONCES) throw new OperationError('OVERLOADED');
      const nonce = randomBytes(32);
      const expiresAtMs = nowMs + NONCE_LIFE_MS;
      outstanding.set(nonce.toString('hex'), expiresAtMs);
      return { nonce, expiresAtMs };
    },
    spend(nonce, nowMs) {
      const key = Buffer.from(nonce).toString('hex');
      const expiresAtMs = outstanding.get(key);
      outstanding.delete(key);
      if (expiresAtMs === undefined || expiresAtMs < nowMs) throw new OperationError('PROJECT_NONCE_REFUSED');
    },
  };
}
