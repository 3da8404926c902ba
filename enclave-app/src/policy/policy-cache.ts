import type { CompiledPolicy } from './compile-policy.ts';
import { bytesKey } from './operators.ts';

/**
 * Keeps compiled policies by id and digest of their document, least recently used out first. Which digest is in force is the
 * authority record's business.
 */
export class PolicyCache {
  readonly #capacity: number;
  readonly #entries = new Map<string, CompiledPolicy>();

  /** @param capacity number of policies, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Returns the policy kept for an id and digest, or compiles and keeps it.
   * @param digest 32 bytes that the caller has verified against the document
   * @throws whatever `compile` throws; nothing is kept then
   */
  getOrCompile(policyId: string, digest: Uint8Array, compile: () => CompiledPolicy): CompiledPolicy {
    const key = `${bytesKey(digest)} ${policyId}`;
    const policy = this.#entries.get(key) ?? compile();
    this.#entries.delete(key);
    this.#entries.set(key, policy);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
    return policy;
  }
}
