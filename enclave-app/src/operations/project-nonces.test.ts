import { describe, expect, it } from 'vitest';
import { createProjectNonces } from './project-nonces.ts';

const NOW_MS = 1_800_000_000_000;
const LIFE_MS = 5 * 60_000;
const code = (name: string) => expect.objectContaining({ code: name });

describe('project nonces', () => {
  it('are good once', () => {
    const nonces = createProjectNonces();
    const { nonce } = nonces.issue(NOW_MS);
    nonces.spend(nonce, NOW_MS);
    expect(() => nonces.spend(nonce, NOW_MS)).toThrow(code('PROJECT_NONCE_REFUSED'));
    expect(() => nonces.spend(Buffer.alloc(32), NOW_MS)).toThrow(code('PROJECT_NONCE_REFUSED'));
  });

  it('are good for five minutes', () => {
    const nonces = createProjectNonces();
    const { nonce, expiresAtMs } = nonces.issue(NOW_MS);
    expect(expiresAtMs).toBe(NOW_MS + LIFE_MS);
    nonces.spend(nonce, expiresAtMs);
    const { nonce: late } = nonces.issue(NOW_MS);
    expect(() => nonces.spend(late, expiresAtMs + 1)).toThrow(code('PROJECT_NONCE_REFUSED'));
  });

  it('that are outstanding are bounded, and make room when their time is over', () => {
    const nonces = createProjectNonces();
    for (let count = 0; count < 4096; count += 1) nonces.issue(NOW_MS);
    expect(() => nonces.issue(NOW_MS + LIFE_MS)).toThrow(code('OVERLOADED'));
    expect(nonces.issue(NOW_MS + LIFE_MS + 1).nonce).toHaveLength(32);
  });
});
