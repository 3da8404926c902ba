import type { EVM_NETWORKS } from './policy-evm.ts';

/**
 * EIP-155 chain ids of CDP's network names. Closed: the enclave puts the id of the network that the client signed into a transaction,
 * and there is no setting that could put another there.
 */
export const EVM_CHAIN_IDS: Readonly<Record<(typeof EVM_NETWORKS)[number], number>> = {
  'base-sepolia': 84_532,
  base: 8453,
  ethereum: 1,
  'ethereum-sepolia': 11_155_111,
  avalanche: 43_114,
  polygon: 137,
  optimism: 10,
  arbitrum: 42_161,
  'arbitrum-sepolia': 421_614,
  zora: 7_777_777,
  bnb: 56,
  world: 480,
  'world-sepolia': 4801,
};

/** Where CDP sends transactions of EVM accounts. */
export const EVM_SEND_NETWORKS = [
  'base',
  'base-sepolia',
  'ethereum',
  'ethereum-sepolia',
  'avalanche',
  'polygon',
  'optimism',
  'arbitrum',
  'arbitrum-sepolia',
  'world',
  'world-sepolia',
] as const;

/** Where CDP sends user operations of smart accounts. */
export const EVM_USER_OPERATION_NETWORKS = [
  'base-sepolia',
  'base',
  'arbitrum',
  'optimism',
  'zora',
  'polygon',
  'bnb',
  'avalanche',
  'ethereum',
  'ethereum-sepolia',
] as const;

/** Where CDP grants spend permissions. */
export const SPEND_PERMISSION_NETWORKS = [
  'base',
  'base-sepolia',
  'ethereum',
  'ethereum-sepolia',
  'optimism',
  'arbitrum',
  'avalanche',
  'polygon',
] as const;

/** Where CDP has accounts delegate (EIP-7702). */
export const EVM_DELEGATION_NETWORKS = [
  'base-sepolia',
  'base',
  'arbitrum',
  'optimism',
  'polygon',
  'ethereum',
  'ethereum-sepolia',
] as const;

/** Whose token balances CDP lists. */
export const EVM_BALANCE_NETWORKS = ['base', 'base-sepolia', 'ethereum'] as const;

export const SOLANA_NETWORKS = ['solana', 'solana-devnet'] as const;

export type EvmNetwork = keyof typeof EVM_CHAIN_IDS;
export type SolanaNetwork = (typeof SOLANA_NETWORKS)[number];
export type ChainNetwork = EvmNetwork | SolanaNetwork;
