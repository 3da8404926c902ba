import type { PolicyAction } from '@strongroom/shared/api/policy';
import type { ComparisonOperator, MembershipOperator } from '@strongroom/shared/api/policy-evm';
import type {
  MintAddressCriterion,
  SolAddressCriterion,
  SolValueCriterion,
  SplAddressCriterion,
  SplValueCriterion,
} from '@strongroom/shared/api/policy-solana';
import { parseSolanaAddress } from '../../solana/address.ts';
import type { SolanaMessage } from '../../solana/message.ts';
import { nativeTransfers, type Transfer, type Transfers, tokenTransfers } from '../../solana/transfers.ts';
import type { CompiledCriterion } from '../criterion.ts';
import { bytesKey, compare, isMember } from '../operators.ts';
import { PolicyError } from '../policy-error.ts';
import { everyOrAny } from './every-or-any.ts';

export type SolTransferCriterion =
  | SolAddressCriterion
  | SolValueCriterion
  | SplAddressCriterion
  | SplValueCriterion
  | MintAddressCriterion;

/**
 * Recipients, amounts and mints of the transfers in a transaction, each transfer on its own: amounts are not added up.
 * Keys in lookup tables are unknown, and so is the mint of an unchecked token transfer.
 * @throws INVALID_POLICY when an address is not 32 bytes
 */
export function compileSolTransfer(criterion: SolTransferCriterion, action: PolicyAction): CompiledCriterion {
  switch (criterion.type) {
    case 'solAddress':
      return transferTest(
        action,
        nativeTransfers,
        keyTest(criterion.addresses, criterion.operator, 'recipient'),
      );
    case 'splAddress':
      return transferTest(
        action,
        tokenTransfers,
        keyTest(criterion.addresses, criterion.operator, 'recipient'),
      );
    case 'mintAddress':
      return transferTest(action, tokenTransfers, keyTest(criterion.addresses, criterion.operator, 'mint'));
    case 'solValue':
      return transferTest(action, nativeTransfers, amountTest(criterion.solValue, criterion.operator));
    case 'splValue':
      return transferTest(action, tokenTransfers, amountTest(criterion.splValue, criterion.operator));
  }
}

type TransferTest = (transfer: Transfer) => boolean | null;

function transferTest(
  action: PolicyAction,
  collect: (message: SolanaMessage) => Transfers,
  test: TransferTest,
): CompiledCriterion {
  return {
    subject: 'transaction',
    test: (message) => {
      const { transfers, isIncomplete } = collect(message);
      return everyOrAny(action, transfers.map(test), isIncomplete);
    },
  };
}

function keyTest(
  addresses: readonly string[],
  operator: MembershipOperator,
  field: 'recipient' | 'mint',
): TransferTest {
  const entries = solanaAddressSet(addresses);
  return (transfer) => {
    const key = transfer[field];
    return key === null ? null : isMember(entries, operator, bytesKey(key));
  };
}

function amountTest(limitText: string, operator: ComparisonOperator): TransferTest {
  const limit = BigInt(limitText);
  return ({ amount }) => compare(amount, operator, limit);
}

/** @throws INVALID_POLICY when an address is not base58 of 32 bytes */
export function solanaAddressSet(addresses: readonly string[]): ReadonlySet<string> {
  try {
    return new Set(addresses.map((address) => bytesKey(parseSolanaAddress(address))));
  } catch {
    throw new PolicyError('An address is not base58 of 32 bytes.');
  }
}
