/** How much is measured. */
export interface BenchPlan {
  readonly name: 'full' | 'quick';
  readonly storedAccounts: { readonly few: number; readonly many: number };
  /** Requests that each service answers before anything counts, so that its code is compiled. */
  readonly warmUpRequests: number;
  /** Rounds of one batch at each number of connections, with the primitives between them. */
  readonly rounds: number;
  readonly batches: readonly { readonly connections: number; readonly requests: number }[];
  readonly primitiveRepetitions: number;
  /** Pairs of neighbouring batches: few and many accounts stored, and without and with a policy. */
  readonly pairs: number;
  readonly policyPairs: number;
  readonly pairRequests: number;
  /** Signatures that one enclave has made when its memory is read last. */
  readonly signatures: number;
}

/** Where the efficiency is read, and the comparison of stores is made. */
export const CONNECTIONS = 16;

export const FULL_PLAN: BenchPlan = {
  name: 'full',
  storedAccounts: { few: 10, many: 100_000 },
  warmUpRequests: 8000,
  rounds: 12,
  batches: [
    { connections: 1, requests: 300 },
    { connections: 16, requests: 1200 },
    { connections: 64, requests: 1200 },
  ],
  primitiveRepetitions: 150,
  pairs: 16,
  policyPairs: 8,
  pairRequests: 1000,
  signatures: 100_000,
};

/** For a look within a minute: fewer accounts and signatures, and so no proof of the limits. */
export const QUICK_PLAN: BenchPlan = {
  name: 'quick',
  storedAccounts: { few: 10, many: 5000 },
  warmUpRequests: 3000,
  rounds: 5,
  batches: [
    { connections: 1, requests: 200 },
    { connections: 16, requests: 800 },
    { connections: 64, requests: 800 },
  ],
  primitiveRepetitions: 100,
  pairs: 6,
  policyPairs: 4,
  pairRequests: 700,
  signatures: 20_000,
};
