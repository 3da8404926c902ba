import { type Chains, createChains } from './chains.ts';
import { createEvmBalances, type EvmBalances } from './evm/token-balances.ts';
import { createNonceAllocator } from './nonce-allocation.ts';
import { createOutbox, type Outbox, type OutboxEvent } from './outbox.ts';
import type { OutboxStore } from './outbox-store.ts';
import type { RelayConfig } from './relay-config.ts';
import type { SendingRelay } from './sending.ts';

/** What the parent needs of the chains. */
export interface Relay extends SendingRelay {
  readonly config: RelayConfig;
  readonly chains: Chains;
  readonly evmBalances: EvmBalances;
  readonly outbox: Outbox;
}

export interface RelayOptions {
  readonly config: RelayConfig;
  readonly store: OutboxStore;
  readonly nowMs: () => number;
  readonly onEvent: (event: OutboxEvent) => void;
}

/** Composes the relay; `outbox.start()` sets it going. */
export function createRelay({ config, store, nowMs, onEvent }: RelayOptions): Relay {
  const chains = createChains(config);
  return {
    config,
    chains,
    evmBalances: createEvmBalances(config.tokens),
    nonces: createNonceAllocator(store, nowMs),
    outbox: createOutbox({ store, chains, nowMs, onEvent }),
    nowMs,
  };
}
