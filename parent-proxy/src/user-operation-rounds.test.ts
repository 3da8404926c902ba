import { RelayError } from '@strongroom/chain-relay/relay-error';
import type { Bundler } from '@strongroom/chain-relay/smart-account/bundler';
import { describe, expect, it } from 'vitest';
import type { StoredUserOperation } from './store/smart-account-store.ts';
import { StoreError } from './store/store-error.ts';
import { createUserOperationRound } from './user-operation-rounds.ts';

const HASH = `0x${'ab'.repeat(32)}`;
const START_MS = 1_800_000_000_000;

function rig(send: () => Promise<string>) {
  const operation: StoredUserOperation = {
    projectId: new Uint8Array(32),
    address: `0x${'11'.repeat(20)}`,
    userOpHash: HASH,
    network: 'base',
    operation: '{}',
    calls: '[]',
    status: 'signed',
    receipt: null,
    createdAtMs: START_MS,
  };
  const state = { now: START_MS, operation, sends: 0, failures: [] as string[], isStoreDown: false };
  const bundler = {
    receipt: async () => null,
    send: () => {
      state.sends += 1;
      return send();
    },
  } as unknown as Bundler;
  const store = {
    findUnsentUserOperations: async ({ fromMs, toMs }: { fromMs: number; toMs: number }) => {
      if (state.isStoreDown) throw new StoreError('STORE_UNAVAILABLE');
      const { status, createdAtMs } = state.operation;
      return status === 'signed' && createdAtMs >= fromMs && createdAtMs <= toMs ? [state.operation] : [];
    },
    moveUserOperation: async (_key: unknown, _from: unknown, to: Partial<StoredUserOperation>) => {
      state.operation = { ...state.operation, ...to };
      return true;
    },
    findUserOperation: async () => state.operation,
  };
  const round = createUserOperationRound({
    store: store as never,
    relay: { chains: { bundler: () => bundler } } as never,
    nowMs: () => state.now,
    audit: { outboxFailed: (code) => void state.failures.push(code) },
  });
  return { state, round };
}

describe('a round', () => {
  it('hands an operation over once its request had its time', async () => {
    const { state, round } = rig(async () => HASH);
    await round();
    expect(state.sends).toBe(0);
    state.now += 30_000;
    await round();
    expect([state.sends, state.operation.status]).toEqual([1, 'broadcast']);
    await round();
    expect(state.sends).toBe(1);
  });

  it('tries again ever more seldom, and not for more than a day', async () => {
    const { state, round } = rig(() => Promise.reject(new RelayError('NODE_UNREACHABLE')));
    state.now += 30_000;
    for (const [afterMs, sends] of [
      [0, 1],
      [4999, 1],
      [1, 2],
      [5000, 2],
      [5000, 3],
      [24 * 60 * 60_000, 3],
    ] as const) {
      state.now += afterMs;
      await round();
      expect(state.sends).toBe(sends);
    }
    expect([state.operation.status, state.failures]).toEqual(['signed', []]);
  });

  it('outlives a store that is not there', async () => {
    const { state, round } = rig(async () => HASH);
    state.isStoreDown = true;
    await round();
    expect(state.failures).toEqual(['STORE_UNAVAILABLE']);
    state.isStoreDown = false;
    state.now += 30_000;
    await round();
    expect(state.operation.status).toBe('broadcast');
  });
});
