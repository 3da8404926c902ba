import type { BenchTarget, MemorySample, Round } from './measure.ts';
import { type BenchPlan, CONNECTIONS } from './plan.ts';
import { median, percentile } from './statistics.ts';

export interface LatencySummary {
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly proxyCpuUs: number;
  readonly enclaveCpuUs: number;
}

/** What `--json` prints. CPU times are microseconds per signed request, medians of the rounds at 16 connections. */
export interface BenchSummary {
  readonly plan: BenchPlan['name'];
  /** Primitives divided by the CPU of proxy and enclave; the median of the rounds' own ratios. */
  readonly efficiency: number;
  readonly efficiencyRange: readonly [number, number];
  readonly proxyCpuUs: number;
  readonly enclaveCpuUs: number;
  readonly primitivesCpuUs: number;
  readonly primitives: Readonly<
    Record<'ed25519VerifyUs' | 'p256VerifyUs' | 'unsealUs' | 'secp256k1SignUs', number>
  >;
  readonly requestsPerSecond: number;
  readonly load: readonly LatencySummary[];
  readonly storedAccounts: BenchPlan['storedAccounts'];
  readonly storedAccountsCostRatio: number;
  readonly storedAccountsCostRange: readonly [number, number];
  readonly fillSeconds: number;
  /** Signing a transaction under ten rules over signing one under none. */
  readonly policyCostRatio: number;
  readonly policyCostRange: readonly [number, number];
  readonly signatures: number;
  readonly enclaveRssMiB: number;
  readonly enclaveRssSamples: readonly MemorySample[];
  readonly kmsRequestsUnderLoad: number;
}

export interface Measurements {
  readonly rounds: readonly Round[];
  readonly storeRatios: readonly number[];
  readonly policyRatios: readonly number[];
  readonly few: BenchTarget;
  readonly fillMs: number;
  readonly kmsRequestsUnderLoad: number;
}

const MEMORY_SAMPLES = 10;

export function summarize(plan: BenchPlan, measurements: Measurements): BenchSummary {
  const { rounds, storeRatios, policyRatios, few, fillMs, kmsRequestsUnderLoad } = measurements;
  const efficiencies = rounds.map(efficiencyOf);
  const load = plan.batches.map(({ connections }) => summarizeLoad(rounds, connections));
  const atChosen = load.find(({ connections }) => connections === CONNECTIONS) as LatencySummary;
  const primitive = (name: keyof Round['primitives']) =>
    round(median(rounds.map(({ primitives }) => primitives[name])), 1);
  return {
    plan: plan.name,
    efficiency: round(median(efficiencies), 3),
    efficiencyRange: rangeOf(efficiencies),
    proxyCpuUs: atChosen.proxyCpuUs,
    enclaveCpuUs: atChosen.enclaveCpuUs,
    primitivesCpuUs: primitive('totalUs'),
    primitives: {
      ed25519VerifyUs: primitive('ed25519VerifyUs'),
      p256VerifyUs: primitive('p256VerifyUs'),
      unsealUs: primitive('unsealUs'),
      secp256k1SignUs: primitive('secp256k1SignUs'),
    },
    requestsPerSecond: atChosen.requestsPerSecond,
    load,
    storedAccounts: plan.storedAccounts,
    storedAccountsCostRatio: round(median(storeRatios), 3),
    storedAccountsCostRange: rangeOf(storeRatios),
    fillSeconds: round(fillMs / 1000, 1),
    policyCostRatio: round(median(policyRatios), 3),
    policyCostRange: rangeOf(policyRatios),
    signatures: few.signatures,
    enclaveRssMiB: round((few.memory.at(-1) as MemorySample).enclaveRssMiB, 1),
    enclaveRssSamples: everyTenthOf(few),
    kmsRequestsUnderLoad,
  };
}

function efficiencyOf({ primitives, batches }: Round): number {
  const cost = batches.get(CONNECTIONS);
  if (cost === undefined) throw new RangeError(`no batch at ${CONNECTIONS} connections`);
  return primitives.totalUs / (cost.proxyUs + cost.enclaveUs);
}

function summarizeLoad(rounds: readonly Round[], connections: number): LatencySummary {
  const batches = rounds.flatMap((measured) => measured.batches.get(connections) ?? []);
  const latencies = batches.flatMap(({ load }) => [...load.latenciesMs]);
  const rates = batches.map(({ requests, load }) => (1000 * requests) / load.elapsedMs);
  return {
    connections,
    requestsPerSecond: round(median(rates), 0),
    p50Ms: round(percentile(latencies, 0.5), 2),
    p99Ms: round(percentile(latencies, 0.99), 2),
    proxyCpuUs: round(median(batches.map(({ proxyUs }) => proxyUs)), 0),
    enclaveCpuUs: round(median(batches.map(({ enclaveUs }) => enclaveUs)), 0),
  };
}

/** Memory after each tenth of the signatures. */
function everyTenthOf({ memory, signatures }: BenchTarget): MemorySample[] {
  const samples: MemorySample[] = [];
  for (let tenth = 1; tenth <= MEMORY_SAMPLES; tenth++) {
    const sample = memory.find((taken) => taken.signatures >= (signatures * tenth) / MEMORY_SAMPLES);
    if (sample !== undefined)
      samples.push({ signatures: sample.signatures, enclaveRssMiB: round(sample.enclaveRssMiB, 1) });
  }
  return samples;
}

function rangeOf(values: readonly number[]): [number, number] {
  return [round(Math.min(...values), 3), round(Math.max(...values), 3)];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
