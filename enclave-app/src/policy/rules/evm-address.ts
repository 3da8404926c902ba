import type { EvmAddressCriterion } from '@strongroom/shared/api/policy-evm';
import { parseAddress } from '../../evm/address.ts';
import { type CompiledCriterion, outcomeOf } from '../criterion.ts';
import { bytesKey, isMember } from '../operators.ts';

/**
 * The call's recipient against a list. A contract creation has none: it is not `in` any list, and whether it is `not in` one is
 * undecidable, so that neither an accept rule lets it through nor a reject rule lets it pass.
 */
export function compileEvmAddress({ addresses, operator }: EvmAddressCriterion): CompiledCriterion {
  const entries = evmAddressSet(addresses);
  return {
    subject: 'call',
    test: ({ to }) => {
      if (to === null) return operator === 'in' ? 'unmet' : 'undecidable';
      return outcomeOf(isMember(entries, operator, bytesKey(to)));
    },
  };
}

export function evmAddressSet(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(addresses.map((address) => bytesKey(parseAddress(address))));
}
