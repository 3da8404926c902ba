import type { ErrorCode } from '@strongroom/shared/error-code';
import type { OperationName } from '@strongroom/shared/operations/registry';
import type { KmsCall } from '@strongroom/shared/operations/telemetry-fields';

export type Outcome = 'OK' | ErrorCode;

/** Counts by two names of closed sets, so that there are never more counters than pairs of them. */
export interface PairCounter<First extends string> {
  count(first: First, outcome: Outcome): void;
  entries(): { readonly name: First; readonly outcome: Outcome; readonly count: number }[];
}

/** What the enclave counts from its start on. */
export interface Counters {
  readonly requests: PairCounter<OperationName>;
  readonly kmsCalls: PairCounter<KmsCall>;
  readonly signatures: { secp256k1: number; ed25519: number };
  readonly connections: { open: number; accepted: number };
  unknownOperations: number;
  rowsResealed: number;
}

export function createCounters(): Counters {
  return {
    requests: createPairCounter(),
    kmsCalls: createPairCounter(),
    signatures: { secp256k1: 0, ed25519: 0 },
    connections: { open: 0, accepted: 0 },
    unknownOperations: 0,
    rowsResealed: 0,
  };
}

function createPairCounter<First extends string>(): PairCounter<First> {
  const counts = new Map<First, Map<Outcome, number>>();
  return {
    count(first, outcome) {
      let ofFirst = counts.get(first);
      if (ofFirst === undefined) {
        ofFirst = new Map();
        counts.set(first, ofFirst);
      }
      ofFirst.set(outcome, (ofFirst.get(outcome) ?? 0) + 1);
    },
    entries: () =>
      [...counts].flatMap(([name, outcomes]) =>
        [...outcomes].map(([outcome, count]) => ({ name, outcome, count })),
      ),
  };
}
