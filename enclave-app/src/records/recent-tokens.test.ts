import { describe, expect, it } from 'vitest';
import { assertUnusedToken, type RecentTokens, rememberToken } from './recent-tokens.ts';

const NOW_S = 1_800_000_000;
const code = (expected: string) => expect.objectContaining({ code: expected });
const tokenAt = (issuedAtS: number, count = 0) => {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(issuedAtS);
  id.writeUInt32BE(count, 4);
  return { id, issuedAtS };
};
const after = (count: number, atS: (index: number) => number): RecentTokens =>
  Array.from({ length: count }).reduce<RecentTokens>(
    (tokens, _none, index) => rememberToken(tokens, tokenAt(atS(index), index), NOW_S * 1000),
    [],
  );

describe('tokens that changed a record', () => {
  it('are refused again, and forgotten when nobody could replay them any more', () => {
    const tokens = after(3, (index) => NOW_S - index);
    for (const used of tokens)
      expect(() => assertUnusedToken(tokens, used)).toThrow(code('WALLET_TOKEN_REPLAYED'));
    assertUnusedToken(tokens, tokenAt(NOW_S, 9));
    expect(rememberToken(tokens, tokenAt(NOW_S + 500), (NOW_S + 500) * 1000)).toHaveLength(1);
  });

  it('do not push each other out: a burst of changes brings no earlier token back', () => {
    const early = tokenAt(NOW_S - 60, 7);
    let tokens = rememberToken([], early, NOW_S * 1000);
    for (let count = 0; count < 300; count++) {
      const token = tokenAt(NOW_S + count, count);
      assertUnusedToken(tokens, token);
      tokens = rememberToken(tokens, token, (NOW_S + count) * 1000);
    }
    expect(tokens).toHaveLength(256);
    expect(() => assertUnusedToken(tokens, early)).toThrow(code('RATE_LIMITED'));
    expect(() => assertUnusedToken(tokens, tokenAt(NOW_S + 150, 150))).toThrow(code('WALLET_TOKEN_REPLAYED'));
    assertUnusedToken(tokens, tokenAt(NOW_S + 300));
  });

  it('of one second are at most 256; the next second goes on', () => {
    const tokens = after(256, () => NOW_S);
    expect(() => assertUnusedToken(tokens, tokenAt(NOW_S, 999))).toThrow(code('RATE_LIMITED'));
    assertUnusedToken(tokens, tokenAt(NOW_S + 1));
  });
});
