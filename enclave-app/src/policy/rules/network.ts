import type { EvmNetworkCriterion } from '@strongroom/shared/api/policy-evm';
import type { SolNetworkCriterion } from '@strongroom/shared/api/policy-solana';
import { type CompiledCriterion, outcomeOf } from '../criterion.ts';
import { isMember } from '../operators.ts';

/** The network that the request names, EVM or Solana. */
export function compileNetwork({
  networks,
  operator,
}: EvmNetworkCriterion | SolNetworkCriterion): CompiledCriterion {
  const entries: ReadonlySet<string> = new Set(networks);
  return { subject: 'network', test: (network) => outcomeOf(isMember(entries, operator, network)) };
}
