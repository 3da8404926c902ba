// `npm run bench [-- --quick] [-- --json] [-- --profile <directory>]`: what a signed request costs beside its bare primitives.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LoadGenerator, startLoadGenerator } from './load-generator.ts';
import { type BenchTarget, compareStores, measureRounds, soak, warmUp } from './measure.ts';
import { type BenchPlan, FULL_PLAN, QUICK_PLAN } from './plan.ts';
import { limitsOf, renderReport } from './report.ts';
import { startServiceUnderLoad } from './service-under-load.ts';
import { type BenchSummary, summarize } from './summary.ts';

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
  await using load = await startLoadGenerator({ targets: { few: few.target, many: many.target } });
  return await measure(chosen, load, {
    few: { name: 'few', service: few, memory: [], signatures: 0 },
    many: { name: 'many', service: many, memory: [], signatures: 0 },
  });
}

async function measure(
  chosen: BenchPlan,
  load: LoadGenerator,
  { few, many }: { readonly few: BenchTarget; readonly many: BenchTarget },
): Promise<BenchSummary> {
  const { storedAccounts } = chosen;
  const kmsRequests = () => few.service.kmsRequests() + many.service.kmsRequests();
  progress(`making ${storedAccounts.many} accounts`);
  await load.run({ name: 'fill', target: few.name, count: storedAccounts.few });
  const { elapsedMs: fillMs } = await load.run({
    name: 'fill',
    target: many.name,
    count: storedAccounts.many,
  });
  const kmsRequestsBefore = kmsRequests();
  progress('warming up');
  for (const target of [few, many]) await warmUp(load, target, chosen.warmUpRequests);
  progress('comparing the two stores');
  const storeRatios = await compareStores(load, { few, many }, chosen);
  progress('measuring requests and primitives in turns');
  const rounds = await measureRounds(load, few, chosen);
  progress(`signing until ${chosen.signatures} signatures are made`);
  await soak(load, few, chosen.signatures);
  const kmsRequestsUnderLoad = kmsRequests() - kmsRequestsBefore;
  return summarize(chosen, { rounds, storeRatios, few, fillMs, kmsRequestsUnderLoad });
}

/** On standard error: standard output has the result alone. */
function progress(step: string): void {
  console.error(`${Math.round(process.uptime()).toString().padStart(4)} s  ${step}`);
}
