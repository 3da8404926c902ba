import type { LoadResult } from './keep-alive-load.ts';
import type { LoadGenerator } from './load-generator.ts';
import { type BenchPlan, CONNECTIONS } from './plan.ts';
import type { PrimitivesCost } from './primitives.ts';
import type { ServiceUnderLoad } from './service-under-load.ts';
import type { Workload } from './workload.ts';

/** A service with the name under which the load generator knows it, and what it has done so far. */
export interface BenchTarget {
  readonly name: string;
  readonly service: ServiceUnderLoad;
  readonly workload: Workload;
  readonly memory: MemorySample[];
  signatures: number;
}

export function newTarget(name: string, service: ServiceUnderLoad, workload: Workload): BenchTarget {
  return { name, service, workload, memory: [], signatures: 0 };
}

export interface MemorySample {
  readonly signatures: number;
  readonly enclaveRssMiB: number;
}

/** One batch: CPU microseconds per request of both processes, and what the clients saw. */
export interface BatchCost {
  readonly requests: number;
  readonly proxyUs: number;
  readonly enclaveUs: number;
  readonly load: LoadResult;
}

/** Batches at each number of connections, with the primitives measured before and after them. */
export interface Round {
  readonly primitives: PrimitivesCost;
  readonly batches: ReadonlyMap<number, BatchCost>;
}

const WARM_UP_BATCH = 1000;
const SOAK_BATCH = 5000;

export async function runBatch(
  load: LoadGenerator,
  target: BenchTarget,
  { connections, requests }: { readonly connections: number; readonly requests: number },
): Promise<BatchCost> {
  const { name, workload } = target;
  await load.run({ name: 'prepare', target: name, workload, count: requests });
  const before = target.service.cpu();
  const result = await load.run({ name: 'send', target: name, connections });
  const after = target.service.cpu();
  target.signatures += requests;
  target.memory.push({
    signatures: target.signatures,
    enclaveRssMiB: target.service.enclaveRssMiB(),
  });
  return {
    requests,
    proxyUs: (after.proxyUs - before.proxyUs) / requests,
    enclaveUs: (after.enclaveUs - before.enclaveUs) / requests,
    load: result,
  };
}

export async function warmUp(load: LoadGenerator, target: BenchTarget, requests: number): Promise<void> {
  for (let sent = 0; sent < requests; sent += WARM_UP_BATCH) {
    await runBatch(load, target, { connections: CONNECTIONS, requests: WARM_UP_BATCH });
  }
}

/** CPU per request of `other`, divided by that of `base`, one ratio for each pair of neighbouring batches. */
export async function compareCosts(
  load: LoadGenerator,
  { base, other }: { readonly base: BenchTarget; readonly other: BenchTarget },
  { pairs, requests }: { readonly pairs: number; readonly requests: number },
): Promise<number[]> {
  const costOf = async (target: BenchTarget) => {
    const { proxyUs, enclaveUs } = await runBatch(load, target, { connections: CONNECTIONS, requests });
    return proxyUs + enclaveUs;
  };
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    // Who goes first alternates, so that a machine that is getting slower or faster favours neither.
    const otherFirst = pair % 2 === 1 ? await costOf(other) : null;
    const baseUs = await costOf(base);
    ratios.push((otherFirst ?? (await costOf(other))) / baseUs);
  }
  return ratios;
}

export async function measureRounds(
  load: LoadGenerator,
  target: BenchTarget,
  { rounds, batches, primitiveRepetitions: repetitions }: BenchPlan,
): Promise<Round[]> {
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = await load.run({ name: 'primitives', repetitions });
    const costs = new Map<number, BatchCost>();
    for (const batch of batches) costs.set(batch.connections, await runBatch(load, target, batch));
    const after = await load.run({ name: 'primitives', repetitions });
    measured.push({ primitives: meanOf(before, after), batches: costs });
  }
  return measured;
}

function meanOf(a: PrimitivesCost, b: PrimitivesCost): PrimitivesCost {
  return {
    totalUs: (a.totalUs + b.totalUs) / 2,
    ed25519VerifyUs: (a.ed25519VerifyUs + b.ed25519VerifyUs) / 2,
    p256VerifyUs: (a.p256VerifyUs + b.p256VerifyUs) / 2,
    unsealUs: (a.unsealUs + b.unsealUs) / 2,
    secp256k1SignUs: (a.secp256k1SignUs + b.secp256k1SignUs) / 2,
  };
}

/** Signs until the enclave has made so many signatures. */
export async function soak(load: LoadGenerator, target: BenchTarget, signatures: number): Promise<void> {
  while (target.signatures < signatures) {
    const requests = Math.min(SOAK_BATCH, signatures - target.signatures);
    await runBatch(load, target, { connections: CONNECTIONS, requests });
  }
}
