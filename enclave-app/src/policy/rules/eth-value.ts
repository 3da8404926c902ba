import type { EthValueCriterion } from '@strongroom/shared/api/policy-evm';
import { type CompiledCriterion, outcomeOf } from '../criterion.ts';
import { compare } from '../operators.ts';

/** The call's value in wei against a constant. */
export function compileEthValue({ ethValue, operator }: EthValueCriterion): CompiledCriterion {
  const limit = BigInt(ethValue);
  return { subject: 'call', test: ({ value }) => outcomeOf(compare(value, operator, limit)) };
}
