import type { ChainNetwork, EvmNetwork, SolanaNetwork } from '@strongroom/shared/api/networks';
import { createEvmNode, type EvmNode } from './evm/evm-node.ts';
import { RelayError } from './relay-error.ts';
import { createSolanaNode, type SolanaNode } from './solana/solana-node.ts';

/** What the operator said of networks. A network without endpoints is one that this service does not speak to. */
export interface RelayConfig {
  /** JSON-RPC endpoints, in the order in which they are tried. They may carry keys: never logged. */
  readonly rpcUrls: Readonly<Partial<Record<ChainNetwork, readonly string[]>>>;
  /** ERC-4337 bundlers. */
  readonly bundlerUrls: Readonly<Partial<Record<EvmNetwork, readonly string[]>>>;
  /** ERC-20 contracts whose balances are listed. */
  readonly tokens: Readonly<Partial<Record<EvmNetwork, readonly string[]>>>;
}

export const NO_RELAY: RelayConfig = { rpcUrls: {}, bundlerUrls: {}, tokens: {} };

/** The nodes of every network that is configured. */
export interface Chains {
  /** @throws RelayError NETWORK_NOT_CONFIGURED */
  evm(network: EvmNetwork): EvmNode;
  /** @throws RelayError NETWORK_NOT_CONFIGURED */
  solana(network: SolanaNetwork): SolanaNode;
}

export function createChains({ rpcUrls }: Pick<RelayConfig, 'rpcUrls'>): Chains {
  const evmNodes = new Map<EvmNetwork, EvmNode>();
  const solanaNodes = new Map<SolanaNetwork, SolanaNode>();
  const urlsOf = (network: ChainNetwork): readonly string[] => {
    const urls = rpcUrls[network] ?? [];
    if (urls.length === 0) throw new RelayError('NETWORK_NOT_CONFIGURED');
    return urls;
  };
  return {
    evm(network) {
      const node = evmNodes.get(network) ?? createEvmNode(network, urlsOf(network));
      evmNodes.set(network, node);
      return node;
    },
    solana(network) {
      const node = solanaNodes.get(network) ?? createSolanaNode(network, urlsOf(network));
      solanaNodes.set(network, node);
      return node;
    },
  };
}
