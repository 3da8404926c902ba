import * as v from 'valibot';

const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** 2 to 36 letters, digits and hyphens; unique per project and chain family. */
export const accountName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,34}[A-Za-z0-9]$/),
  v.description(
    '2 to 36 letters, digits and inner hyphens, unique among the accounts of one chain family in the project.',
  ),
);

/** Taken in either case (RFC 9562 section 4), kept and shown in lower case. */
export const policyId = v.pipe(
  v.string(),
  v.regex(UUID),
  v.toLowerCase(),
  v.description('The id of a policy.'),
);

/** Body of POST /v2/evm/accounts. */
export const createAccountBody = v.strictObject({
  name: v.optional(accountName),
  accountPolicy: v.optional(policyId),
});

/** Body of PUT /v2/evm/accounts/{address}: what is absent stays, an empty `accountPolicy` detaches the policy. */
export const updateAccountBody = v.strictObject({
  name: v.optional(accountName),
  accountPolicy: v.optional(v.union([v.literal(''), policyId])),
});

const accountFields = {
  name: v.optional(accountName),
  policies: v.pipe(v.array(policyId), v.description("The project's policy and the account's own.")),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  updatedAt: v.pipe(v.string(), v.isoTimestamp()),
};

/** CDP's EvmAccount. */
export const evmAccountBody = v.strictObject({
  address: v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/), v.description('The EIP-55 address.')),
  ...accountFields,
});

/** CDP's SolanaAccount. */
export const solanaAccountBody = v.strictObject({
  address: v.pipe(v.string(), v.regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/), v.description('The base58 address.')),
  ...accountFields,
});
export type AccountBody = v.InferOutput<typeof evmAccountBody>;

/** What of an account its body shows. */
export interface ShownAccount {
  readonly address: string;
  readonly name: string | null;
  readonly policyId: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Makes the body of an account; the enclave for what a Wallet Secret signed, the proxy for what is only read. */
export function accountBody(account: ShownAccount, projectPolicyId: string | null): AccountBody {
  const { address, name, policyId: accountPolicyId, createdAtMs, updatedAtMs } = account;
  return {
    address,
    ...(name !== null && { name }),
    policies: [projectPolicyId, accountPolicyId].filter((id) => id !== null),
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}
