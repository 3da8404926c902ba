import type { ChainNetwork, EvmNetwork, SolanaNetwork } from '@strongroom/shared/api/networks';
import { createEvmNode, type EvmNode } from './evm/evm-node.ts';
import type { RelayConfig } from './relay-config.ts';
import { RelayError } from './relay-error.ts';
import { type Bundler, createBundler } from './smart-account/bundler.ts';
import { connectPaymaster, type Paymaster, type PaymasterService } from './smart-account/paymaster.ts';
import { createSolanaNode, type SolanaNode } from './solana/solana-node.ts';

/** The nodes of every network that is configured. */
export interface Chains {
  /** @throws RelayError NETWORK_NOT_CONFIGURED */
  evm(network: EvmNetwork): EvmNode;
  /** @throws RelayError NETWORK_NOT_CONFIGURED */
  solana(network: SolanaNetwork): SolanaNode;
  /** @throws RelayError NETWORK_NOT_CONFIGURED */
  bundler(network: EvmNetwork): Bundler;
  /** @throws RelayError PAYMASTER_REFUSED for a host that the operator does not allow */
  paymaster(paymaster: Paymaster, network: EvmNetwork): PaymasterService;
}

export function createChains({
  rpcUrls,
  bundlerUrls,
  paymasterHosts = [],
}: Pick<RelayConfig, 'rpcUrls' | 'bundlerUrls' | 'paymasterHosts'>): Chains {
  const evmNodes = new Map<EvmNetwork, EvmNode>();
  const solanaNodes = new Map<SolanaNetwork, SolanaNode>();
  const bundlers = new Map<EvmNetwork, Bundler>();
  const urlsOf = <Network extends ChainNetwork>(
    configured: Readonly<Partial<Record<Network, readonly string[]>>>,
    network: Network,
  ): readonly string[] => {
    const urls: readonly string[] = configured[network] ?? [];
    if (urls.length === 0) throw new RelayError('NETWORK_NOT_CONFIGURED');
    return urls;
  };
  return {
    evm(network) {
      const node = evmNodes.get(network) ?? createEvmNode(network, urlsOf(rpcUrls, network));
      evmNodes.set(network, node);
      return node;
    },
    solana(network) {
      const node = solanaNodes.get(network) ?? createSolanaNode(network, urlsOf(rpcUrls, network));
      solanaNodes.set(network, node);
      return node;
    },
    bundler(network) {
      const bundler = bundlers.get(network) ?? createBundler(network, urlsOf(bundlerUrls, network));
      bundlers.set(network, bundler);
      return bundler;
    },
    paymaster: (paymaster, network) => connectPaymaster(paymaster, network, paymasterHosts),
  };
}
