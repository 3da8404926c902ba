import type { EvmTypedDataVerifyingContractCriterion } from '@strongroom/shared/api/policy-evm';
import { type CompiledCriterion, outcomeOf } from '../criterion.ts';
import { bytesKey, isMember } from '../operators.ts';
import { evmAddressSet } from './evm-address.ts';

/**
 * The verifying contract of the domain, as far as it is signed: the domain's type must name it. A domain without one is not `in`
 * any list; whether it is `not in` one is undecidable.
 */
export function compileEvmVerifyingContract({
  addresses,
  operator,
}: EvmTypedDataVerifyingContractCriterion): CompiledCriterion {
  const entries = evmAddressSet(addresses);
  return {
    subject: 'typedData',
    test: ({ domain }) => {
      const contract = domain.fields.get('verifyingContract');
      if (contract === undefined) return operator === 'in' ? 'unmet' : 'undecidable';
      if (contract.kind !== 'address') return 'undecidable';
      return outcomeOf(isMember(entries, operator, bytesKey(contract.value)));
    },
  };
}
