// `node --conditions=source local-twin/src/bench/rotation.ts [--count 1000]`: what a rotation of the root key costs beside the bare
// AES-GCM, HKDF and database work of the same run, and whether a signature fails meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RotationStep } from '../../../parent-proxy/src/rotation/rotation-progress.ts';
import { startRotation } from '../system/rotate-in-process.ts';
import { fillStore } from './fill-store.ts';
import { bareRotationUs } from './rotation-primitives.ts';
import { type ServiceUnderLoad, startServiceUnderLoad } from './service-under-load.ts';
import { startSigners } from './signers.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '1000' } } });
const count = Number(values.count);
const MAX_RATIO = 2;
/** Longer than the twin's proxy takes to look at the store. */
const SETTLE_MS = 2500;

const home = mkdtempSync(join(tmpdir(), 'strongroom-rotation-'));
try {
  await using service = await startServiceUnderLoad(home, []);
  const { target } = service;
  service.allowNewDataKeys();
  const filledMs = performance.now();
  const addresses = await fillStore({ ...target, count });
  say(`made ${count} accounts in ${secondsSince(filledMs)} s`);

  const signers = startSigners(target, addresses);
  const loaded = await rotate(service, 2, 0.5);
  const { signed, failures } = await signers.stop();
  say(`generation 2 in ${loaded.elapsedS} s beside ${signed} signatures, ${failures.length} failed`);
  tell(failures);

  const quiet = await rotate(service, 3, 1);
  const bare = bareRotationUs(target.storeDirectory, Math.min(count, 20_000));
  const resealUs = quiet.cpuUs.reseal / count;
  const reviewUs = quiet.cpuUs.review / count;
  const ratio = (resealUs + reviewUs) / (bare.resealUs + bare.reviewUs);
  say(`generation 3 in ${quiet.elapsedS} s alone; CPU of enclave and operator per account:`);
  say(
    `  reseal ${resealUs.toFixed(1)} us, bare ${bare.resealUs.toFixed(1)} us: ${(resealUs / bare.resealUs).toFixed(2)}`,
  );
  say(
    `  review ${reviewUs.toFixed(1)} us, bare ${bare.reviewUs.toFixed(1)} us: ${(reviewUs / bare.reviewUs).toFixed(2)}`,
  );
  say(`  both: ${ratio.toFixed(2)} (at most ${MAX_RATIO})`);
  // The bare work held this process up; connections that the proxy closed meanwhile are noticed first.
  await sleep(1000);
  const after = startSigners(target, addresses);
  await sleep(3000);
  const last = await after.stop();
  say(`then ${last.signed} signatures, ${last.failures.length} failed`);
  tell(last.failures);
  process.exitCode = failures.length + last.failures.length === 0 && ratio <= MAX_RATIO ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}

function tell(failures: readonly string[]): void {
  for (const failure of failures.slice(0, 5)) say(`  ${failure}`);
}

/** CPU microseconds of enclave and operator by step; both of the rotation's passes over the rows count as one. */
type StepCpu = Record<RotationStep, number>;

async function rotate({ target, cpu }: ServiceUnderLoad, generation: number, share: number) {
  const cpuUs: StepCpu = { announce: 0, wait: 0, activate: 0, reseal: 0, review: 0, retire: 0, done: 0 };
  const startedMs = performance.now();
  let last: { step: RotationStep; operatorUs: number; enclaveUs: number } | null = null;
  const rotation = startRotation(
    {
      store: { engine: 'sqlite', directory: target.storeDirectory },
      enclavePort: target.enclavePort,
      generation,
      settleMs: SETTLE_MS,
      share,
    },
    ({ step, accounts }, operatorUs) => {
      if (step === last?.step && accounts > 0) return;
      const { enclaveUs } = cpu();
      if (last !== null) cpuUs[last.step] += operatorUs - last.operatorUs + enclaveUs - last.enclaveUs;
      last = { step, operatorUs, enclaveUs };
    },
  );
  if ((await rotation.outcome) === null) throw new Error('the rotation did not end');
  return { cpuUs, elapsedS: secondsSince(startedMs) };
}

function secondsSince(startedMs: number): string {
  return ((performance.now() - startedMs) / 1000).toFixed(1);
}

function say(line: string): void {
  console.log(line);
}
