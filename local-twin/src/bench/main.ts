// `npm run bench [-- --quick] [-- --json] [-- --profile <directory>]`: what a signed request costs beside its bare primitives.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LoadGenerator, startLoadGenerator } from './load-generator.ts';
import { type BenchTarget, compareCosts, measureRounds, newTarget, soak, warmUp } from './measure.ts';
import { type BenchPlan, FULL_PLAN, QUICK_PLAN } from './plan.ts';
import { limitsOf, renderReport } from './report.ts';
import { createPolicy, type ServiceUnderLoad, startServiceUnderLoad } from './service-under-load.ts';
import { type BenchSummary, summarize } from './summary.ts';
import { tenRules } from './workload.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    /** Where the two services write CPU profiles when they end; the numbers of such a run are not to be trusted. */
    profile: { type: 'string' },
  },
});
const plan = options.quick ? QUICK_PLAN : FULL_PLAN;
const execArgv =
  options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(options.profile)}`];

const home = mkdtempSync(join(tmpdir(), 'strongroom-bench-'));
try {
  const summary = await bench(plan);
  console.log(renderReport(summary));
  if (options.json) console.log(`\n${JSON.stringify(summary)}`);
  process.exitCode = limitsOf(summary).every(({ isMet }) => isMet) ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function bench(chosen: BenchPlan): Promise<BenchSummary> {
  progress('starting two services');
  await using few = await startServiceUnderLoad(join(home, 'few'), execArgv);
  await using many = await startServiceUnderLoad(join(home, 'many'), execArgv);
  const targets = { few: few.target, many: many.target, policy: few.target };
  await using load = await startLoadGenerator({ targets });
  const kmsRequests = () => few.kmsRequests() + many.kmsRequests();
  const fillMs = await fill(load, few, chosen);
  const kmsRequestsBefore = kmsRequests();
  const measured = await measure(chosen, load, {
    few: newTarget('few', few, 'hash'),
    many: newTarget('many', many, 'hash'),
    withoutPolicy: newTarget('few', few, 'transaction'),
    withPolicy: newTarget('policy', few, 'transaction'),
  });
  const kmsRequestsUnderLoad = kmsRequests() - kmsRequestsBefore;
  return summarize(chosen, { ...measured, fillMs, kmsRequestsUnderLoad });
}

/** @returns milliseconds that the many accounts took */
async function fill(
  load: LoadGenerator,
  few: ServiceUnderLoad,
  { storedAccounts }: BenchPlan,
): Promise<number> {
  progress(`making ${storedAccounts.many} accounts`);
  const accountPolicy = await createPolicy(few.target, tenRules());
  await load.run({ name: 'fill', target: 'few', count: storedAccounts.few });
  await load.run({ name: 'fill', target: 'policy', count: storedAccounts.few, accountPolicy });
  return (await load.run({ name: 'fill', target: 'many', count: storedAccounts.many })).elapsedMs;
}

type BenchTargets = Readonly<Record<'few' | 'many' | 'withoutPolicy' | 'withPolicy', BenchTarget>>;

async function measure(chosen: BenchPlan, load: LoadGenerator, targets: BenchTargets) {
  const { few, many, withoutPolicy, withPolicy } = targets;
  const { pairs, policyPairs, pairRequests: requests } = chosen;
  progress('warming up');
  for (const target of [few, many]) await warmUp(load, target, chosen.warmUpRequests);
  progress('comparing the two stores');
  const storeRatios = await compareCosts(load, { base: few, other: many }, { pairs, requests });
  progress('measuring requests and primitives in turns');
  const rounds = await measureRounds(load, few, chosen);
  progress('comparing transactions with and without a policy');
  for (const target of [withoutPolicy, withPolicy]) await warmUp(load, target, chosen.warmUpRequests / 4);
  const policyRatios = await compareCosts(
    load,
    { base: withoutPolicy, other: withPolicy },
    { pairs: policyPairs, requests },
  );
  progress(`signing until ${chosen.signatures} digests are signed`);
  await soak(load, few, chosen.signatures);
  return { few, storeRatios, rounds, policyRatios };
}

/** On standard error: standard output has the result alone. */
function progress(step: string): void {
  console.error(`${Math.round(process.uptime()).toString().padStart(4)} s  ${step}`);
}
