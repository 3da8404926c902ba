import * as v from 'valibot';
import { EVM_DELEGATION_NETWORKS } from './networks.ts';

const uuid = v.pipe(v.string(), v.regex(/^[a-f0-9-]{36}$/));
const network = v.picklist(EVM_DELEGATION_NETWORKS);

/** Body of POST /v2/evm/accounts/{address}/eip7702/delegation. */
export const delegateAccountBody = v.strictObject({
  network,
  enableSpendPermissions: v.optional(v.boolean()),
});

export const delegatedAccountBody = v.strictObject({ delegationOperationId: uuid });

/** CDP's EvmEip7702DelegationOperation. */
export const delegationOperationBody = v.strictObject({
  delegationOperationId: uuid,
  status: v.picklist(['PENDING', 'SUBMITTED', 'COMPLETED', 'FAILED']),
  network,
  transactionHash: v.optional(v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/))),
  delegateAddress: v.optional(v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/))),
});

/** Digits of a transaction hash that its operation's id starts with. */
export const DELEGATION_ID_PREFIX_DIGITS = 12;

/**
 * The id of a delegation follows from its transaction (UUID of version 8, RFC 9562), so that whoever asks twice gets the same one.
 * @param transactionId "0x" and 64 lower-case hex digits
 */
export function delegationOperationIdOf(transactionId: string): string {
  const digits = transactionId.slice(2, 34);
  const at = (from: number, to: number) => digits.slice(from, to);
  return `${at(0, 8)}-${at(8, 12)}-8${at(13, 16)}-8${at(17, 20)}-${at(20, 32)}`;
}
