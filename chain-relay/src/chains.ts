import type { ChainNetwork, EvmNetwork, SolanaNetwork } from '@strongroom/shared/api/networks';
import { createEvmNode, type EvmNode } from './evm/evm-node.ts';
import type { RelayConfig } from './relay-config.ts';
import { RelayError } from './relay-error.ts';
import { createSolanaNode, type SolanaNode } from './solana/solana-node.ts';

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
