import type { PolicyAction } from '@strongroom/shared/api/policy';
import type { ProgramIdCriterion } from '@strongroom/shared/api/policy-solana';
import { programKey } from '../../solana/transfers.ts';
import type { CompiledCriterion } from '../criterion.ts';
import { bytesKey, isMember } from '../operators.ts';
import { everyOrAny } from './every-or-any.ts';
import { solanaAddressSet } from './sol-transfer.ts';

/** The programs of all top-level instructions; what those programs call is not seen. */
export function compileProgramId(
  { programIds, operator }: ProgramIdCriterion,
  action: PolicyAction,
): CompiledCriterion {
  const entries = solanaAddressSet(programIds);
  return {
    subject: 'transaction',
    test: (message) => {
      const results = message.instructions.map((instruction) =>
        isMember(entries, operator, bytesKey(programKey(message, instruction))),
      );
      return everyOrAny(action, results, false);
    },
  };
}
