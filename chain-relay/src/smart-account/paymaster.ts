// TRUST BOUNDARY: the URL of a paymaster, from a client, and what is answered there.
import { EVM_CHAIN_IDS, type EvmNetwork } from '@strongroom/shared/api/networks';
import * as v from 'valibot';
import { bytesText, toQuantity } from '../evm/quantity.ts';
import { createJsonRpc, type JsonRpc, NodeRefusal } from '../json-rpc.ts';
import { RelayError } from '../relay-error.ts';
import { ENTRY_POINT } from './contracts.ts';
import type { UserOperation } from './user-operation.ts';

type Hex = `0x${string}`;
const TIMEOUT_MS = 8000;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** An ERC-7677 paymaster service, as the client named it. */
export interface Paymaster {
  readonly url: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** What a paymaster gives for an operation: its address and what it signed. */
export interface Sponsorship {
  readonly paymasterAndData: Hex;
  /** Whether it holds for any gas: then the paymaster is not asked again. */
  readonly isFinal: boolean;
}

/** A paymaster that may be asked. */
export interface PaymasterService {
  /** What to estimate gas with. @throws RelayError PAYMASTER_REFUSED, NODE_UNREACHABLE, NODE_ANSWER_REFUSED */
  stub(operation: UserOperation): Promise<Sponsorship>;
  /** What the operation carries. @throws RelayError, likewise */
  sponsor(operation: UserOperation): Promise<Sponsorship>;
}

/** An address, then whatever the paymaster reads; the enclave takes no more. */
const sponsorship = v.looseObject({
  paymasterAndData: v.pipe(bytesText, v.minLength(2 + 40), v.maxLength(2 + 2 * 16_384)),
  isFinal: v.optional(v.boolean(), false),
});

/**
 * A URL of a client decides where the service connects, so only hosts that the operator names are asked: over https, plain http on this machine
 * alone, without credentials, and no redirect is followed.
 * @param hosts `host` or `host:port` as in a URL
 * @throws RelayError PAYMASTER_REFUSED
 */
export function assertAllowedPaymaster(url: string, hosts: readonly string[]): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null) throw new RelayError('PAYMASTER_REFUSED');
  const { protocol, host, hostname, username, password } = parsed;
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
  if (!isSafe || username !== '' || password !== '' || !hosts.includes(host))
    throw new RelayError('PAYMASTER_REFUSED');
}

/** Speaks ERC-7677 for EntryPoint 0.6. @throws RelayError PAYMASTER_REFUSED for a host that is not allowed */
export function connectPaymaster(
  { url, context }: Paymaster,
  network: EvmNetwork,
  hosts: readonly string[],
): PaymasterService {
  assertAllowedPaymaster(url, hosts);
  const rpc = createJsonRpc(url, TIMEOUT_MS);
  const ask = (method: string, { paymasterAndData: _open, ...operation }: UserOperation) =>
    translated(rpc, method, [operation, ENTRY_POINT, toQuantity(EVM_CHAIN_IDS[network]), context]);
  return {
    stub: (operation) => ask('pm_getPaymasterStubData', operation),
    sponsor: (operation) => ask('pm_getPaymasterData', operation),
  };
}

async function translated(rpc: JsonRpc, method: string, params: readonly unknown[]): Promise<Sponsorship> {
  try {
    return await rpc.call(method, params, sponsorship);
  } catch (error) {
    if (error instanceof NodeRefusal) throw new RelayError('PAYMASTER_REFUSED', { cause: error });
    throw error;
  }
}
