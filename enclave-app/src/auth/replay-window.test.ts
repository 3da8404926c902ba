import { describe, expect, it } from 'vitest';
import { createReplayWindow, tokenIdOf } from './replay-window.ts';

const project = Buffer.alloc(32, 1);
const rival = Buffer.alloc(32, 2);
const LIFE_MS = 151_000;

function setUp(limits: { maxEntries?: number; maxEntriesPerProject?: number } = {}) {
  const clock = { nowMs: 1_000_000 };
  const window = createReplayWindow({
    maxEntries: 1000,
    maxEntriesPerProject: 1000,
    ...limits,
    tokenLifeMs: LIFE_MS,
    nowMs: () => clock.nowMs,
  });
  return {
    clock,
    window,
    reserve: (jti: string, of = project) => window.reserve(of, tokenIdOf(jti), clock.nowMs + LIFE_MS),
  };
}
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('replay window', () => {
  it('lets a token through once, per project', () => {
    const { reserve } = setUp();
    reserve('a');
    reserve('a', rival);
    expect(() => reserve('a')).toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('remembers a token for its whole life, wherever the generations turn', () => {
    for (let reservedAt = 0; reservedAt < LIFE_MS * 2; reservedAt += 7000) {
      const { clock, reserve } = setUp();
      reserve('first');
      clock.nowMs += reservedAt;
      reserve('kept');
      for (let age = 0; age < LIFE_MS; age += 10_000) {
        expect(() => reserve('kept')).toThrow(code('WALLET_TOKEN_REPLAYED'));
        clock.nowMs += 10_000;
        reserve(`other ${age}`);
      }
    }
  });

  it('refuses when full, forgets nothing, and has room again when tokens have expired', () => {
    const { clock, reserve } = setUp({ maxEntries: 3 });
    for (const jti of ['a', 'b', 'c']) reserve(jti);
    expect(() => reserve('d')).toThrow(code('REPLAY_TABLE_FULL'));
    expect(() => reserve('a')).toThrow(code('WALLET_TOKEN_REPLAYED'));
    clock.nowMs += LIFE_MS;
    expect(() => reserve('d')).toThrow(code('REPLAY_TABLE_FULL'));
    clock.nowMs += 1;
    reserve('d');
  });

  it('does not let one project take the room of another', () => {
    const { reserve } = setUp({ maxEntriesPerProject: 2 });
    reserve('a');
    reserve('b');
    expect(() => reserve('c')).toThrow(code('REPLAY_TABLE_FULL'));
    reserve('c', rival);
  });
});
