// Mutates documents and certificates and demands that every one is refused with a code, and soon.
// node --conditions=source attestation/scripts/fuzz.ts [COUNT] [SEED]
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { AttestationError } from '../src/attestation-error.ts';
import type { AttestationPolicy } from '../src/attestation-policy.ts';
import { verifyAttestation } from '../src/verify-attestation.ts';
import { verifyAttestationWithCustomRoot } from '../src/verify-attestation-with-custom-root.ts';
import { type CorpusCase, realCases, ruleCases } from '../test/corpus.ts';
import { mutate, type Random } from './forge/mutate.ts';

const DEFAULT_COUNT = 10_000_000;
const SLOW_MS = 50;
/** An input that took long on the wall may have waited for another process: it counts when it takes as much CPU, each time. */
const RETRIES = 5;
/** Tells a process of this script that it is to work and how much. */
const SHARE = 'STRONGROOM_FUZZ_SHARE';

interface Tally {
  readonly inputs: number;
  readonly codes: Record<string, number>;
  readonly accepted: string[];
  readonly crashes: string[];
  readonly slow: string[];
  readonly slowestWallMs: number;
  /** Of the inputs that took long on the wall. */
  readonly slowestCpuMs: number;
}

/** mulberry32, so that a seed gives the same inputs everywhere. */
function seeded(seed: number): Random {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

async function fuzz(count: number, seed: number): Promise<Tally> {
  const random = seeded(seed);
  const seeds = [...(await realCases()), ...(await ruleCases())].filter(
    ({ expected }) => expected === 'accept',
  );
  const corpus = seeds.map(({ document }) => document);
  // The tag in front is the one part of a document that may be there or not (docs/adr/0003).
  const genuine = new Set(corpus.map((document) => textOf(withoutTag(document))));
  const tally = {
    inputs: 0,
    codes: {} as Record<string, number>,
    accepted: [] as string[],
    crashes: [] as string[],
    slow: [] as string[],
    slowestWallMs: 0,
    slowestCpuMs: 0,
  };
  while (tally.inputs < count) {
    const entry = seeds[random(seeds.length)];
    if (!entry) throw new Error('the corpus is empty');
    const input = mutate(entry.document, corpus, random);
    if (genuine.has(textOf(withoutTag(input)))) continue;
    tally.inputs += 1;
    const startedMs = performance.now();
    const verdict = await judge(entry, input);
    const elapsedMs = performance.now() - startedMs;
    tally.codes[verdict] = (tally.codes[verdict] ?? 0) + 1;
    if (verdict === 'accepted') tally.accepted.push(Buffer.from(input).toString('base64'));
    if (verdict.startsWith('crash'))
      tally.crashes.push(`${verdict} ${Buffer.from(input).toString('base64')}`);
    tally.slowestWallMs = Math.max(tally.slowestWallMs, elapsedMs);
    if (elapsedMs <= SLOW_MS) continue;
    const cpuMs = await leastCpu(entry, input);
    tally.slowestCpuMs = Math.max(tally.slowestCpuMs, cpuMs);
    if (cpuMs > SLOW_MS) tally.slow.push(Buffer.from(input).toString('base64'));
  }
  return tally;
}

async function judge({ policy, root }: CorpusCase, input: Uint8Array): Promise<string> {
  try {
    await verify(input, policy, root);
    return 'accepted';
  } catch (error) {
    return error instanceof AttestationError ? error.code : `crash: ${String(error)}`;
  }
}

function verify(input: Uint8Array, policy: AttestationPolicy, root: Uint8Array | null): Promise<unknown> {
  return root === null
    ? verifyAttestation(input, policy)
    : verifyAttestationWithCustomRoot(input, policy, root);
}

/** CPU of this process, all its threads, for one input: the least of several times. */
async function leastCpu(entry: CorpusCase, input: Uint8Array): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < RETRIES; count += 1) {
    const before = process.cpuUsage();
    await judge(entry, input);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const withoutTag = (bytes: Uint8Array): Uint8Array => (bytes[0] === 0xd2 ? bytes.subarray(1) : bytes);

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? DEFAULT_COUNT);
  const seed = Number(process.argv[3] ?? 1);
  const workers = availableParallelism();
  const startedMs = performance.now();
  const tallies = await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const share = Math.floor(count / workers) + (index < count % workers ? 1 : 0);
      const env = { ...process.env, [SHARE]: `${share} ${seed * 1000 + index}` };
      return new Promise<Tally>((resolve, reject) => {
        const child = fork(fileURLToPath(import.meta.url), { env });
        child.once('message', (tally) => resolve(tally as Tally));
        child.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
      });
    }),
  );
  const codes: Record<string, number> = {};
  for (const tally of tallies)
    for (const [code, times] of Object.entries(tally.codes)) codes[code] = (codes[code] ?? 0) + times;
  const failures = tallies.flatMap(({ accepted, crashes, slow }) => [
    ...accepted.map((input) => `accepted: ${input}`),
    ...crashes,
    ...slow.map((input) => `slow: ${input}`),
  ]);
  const inputs = tallies.reduce((sum, tally) => sum + tally.inputs, 0);
  const slowestWallMs = Math.max(...tallies.map((tally) => tally.slowestWallMs));
  const slowestCpuMs = Math.max(...tallies.map((tally) => tally.slowestCpuMs));
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    JSON.stringify({
      inputs,
      seed,
      seconds,
      perSecond: inputs / seconds,
      slowestWallMs,
      slowestCpuMs,
      failures: failures.length,
    }),
  );
  console.log(
    JSON.stringify(Object.fromEntries(Object.entries(codes).toSorted(([, a], [, b]) => b - a)), null, 1),
  );
  for (const failure of failures.slice(0, 20)) console.error(failure);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

const share = process.env[SHARE];
if (share === undefined) await main();
else {
  const [inputs = 0, seed = 0] = share.split(' ').map(Number);
  process.send?.(await fuzz(inputs, seed));
}
