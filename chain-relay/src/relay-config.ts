import {
  type ChainNetwork,
  EVM_CHAIN_IDS,
  type EvmNetwork,
  SOLANA_NETWORKS,
} from '@strongroom/shared/api/networks';

/** What the operator said of networks. A network without endpoints is one that this service does not speak to. */
export interface RelayConfig {
  /** JSON-RPC endpoints, in the order in which they are tried. They may carry keys: never logged. */
  readonly rpcUrls: Readonly<Partial<Record<ChainNetwork, readonly string[]>>>;
  /** ERC-4337 bundlers. */
  readonly bundlerUrls: Readonly<Partial<Record<EvmNetwork, readonly string[]>>>;
  /** ERC-20 contracts whose balances are listed. */
  readonly tokens: Readonly<Partial<Record<EvmNetwork, readonly string[]>>>;
  /** `host` or `host:port` of the paymasters that clients may name; none without. */
  readonly paymasterHosts?: readonly string[];
}

export const NO_RELAY: RelayConfig = { rpcUrls: {}, bundlerUrls: {}, tokens: {} };

const EVM_NETWORKS = Object.keys(EVM_CHAIN_IDS) as EvmNetwork[];
const HOST = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/**
 * Reads comma-separated lists out of the environment, per network in upper case with underscores (`base-sepolia`: BASE_SEPOLIA):
 * `STRONGROOM_RPC_...` and `STRONGROOM_BUNDLER_...` are http(s) URLs, `STRONGROOM_TOKENS_...` addresses of ERC-20 contracts.
 * `STRONGROOM_PAYMASTER_HOSTS`, for all networks, holds `host` or `host:port`.
 * @param fail throws; it gets the setting's name and never its value
 */
export function readRelayConfig(
  read: (name: string) => string | null,
  fail: (name: string, problem: string) => never,
): RelayConfig {
  function lists<Network extends ChainNetwork>(
    prefix: string,
    networks: readonly Network[],
    isValid: (item: string) => boolean,
    problem: string,
  ): Partial<Record<Network, readonly string[]>> {
    const entries = networks.flatMap((network) => {
      const name = `STRONGROOM_${prefix}_${network.toUpperCase().replaceAll('-', '_')}`;
      const text = read(name);
      if (text === null) return [];
      const items = text.split(',').map((item) => item.trim());
      return [[network, items.every(isValid) ? items : fail(name, problem)] as const];
    });
    return Object.fromEntries(entries) as unknown as Partial<Record<Network, readonly string[]>>;
  }

  const hosts =
    read('STRONGROOM_PAYMASTER_HOSTS')
      ?.split(',')
      .map((host) => host.trim()) ?? [];
  if (!hosts.every((host) => HOST.test(host)))
    fail('STRONGROOM_PAYMASTER_HOSTS', 'must be a list of host or host:port in lower case');
  const urlProblem = 'must be a list of http or https URLs';
  return {
    rpcUrls: lists<ChainNetwork>('RPC', [...EVM_NETWORKS, ...SOLANA_NETWORKS], isHttpUrl, urlProblem),
    bundlerUrls: lists('BUNDLER', EVM_NETWORKS, isHttpUrl, urlProblem),
    tokens: lists('TOKENS', EVM_NETWORKS, (item) => ADDRESS.test(item), 'must be a list of addresses'),
    paymasterHosts: hosts,
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
