// `make endurance [MINUTES=10]`: the service on level C, its enclave in 640 MiB with the image in RAM counted, signs as fast as it can.
// Exits with 1 when a request is refused or the enclave's resident memory grows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { startSystemC } from './start-system-c.ts';
import { connectUnverified } from './unverified-project.ts';

const SIGNERS = 8;
const RETRY_MS = 1000;
const SAMPLE_MS = 10_000;
/** The table of used tokens forgets after 151 to 302 seconds: before that, memory has to grow. */
const MIN_MINUTES = 6;
/** Whole MiB are reported, and the collector runs when it likes. */
const TOLERANCE_MIB = 8;

interface Sample {
  readonly atMs: number;
  readonly residentMiB: number;
  readonly signatures: number;
}

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!Number.isFinite(minutes) || minutes < MIN_MINUTES) {
  console.error(`usage: make endurance MINUTES=<${MIN_MINUTES} or more>`);
  process.exit(2);
}
const home = mkdtempSync(join(tmpdir(), 'strongroom-endurance-'));
try {
  await using system = await startSystemC({ home, metricsPort: 0 });
  const cdp = await connectUnverified(system);
  const samples = await signFor(minutes * 60_000, cdp, () => readResidentMiB(system.metricsUrl ?? ''));
  process.exitCode = report(samples);
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Signs until time is up, and samples on the way. @throws APIError when a signature is refused */
async function signFor(
  durationMs: number,
  cdp: CdpClient,
  residentMiB: () => Promise<number>,
): Promise<readonly Sample[]> {
  const { address } = await cdp.evm.createAccount({ name: 'endurance' });
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  let signatures = 0;
  let unavailable = 0;
  const sign = async () => {
    while (elapsedMs() < durationMs) {
      try {
        await cdp.evm.signMessage({ address, message: `number ${signatures}` });
        signatures++;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        unavailable++;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  const samples: Sample[] = [];
  const watch = async () => {
    while (elapsedMs() < durationMs) {
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      const sample = { atMs: elapsedMs(), residentMiB: await residentMiB(), signatures };
      samples.push(sample);
      console.log(
        `${Math.round(sample.atMs / 1000)} s  ${sample.signatures} signatures  ${sample.residentMiB} MiB`,
      );
    }
  };
  await Promise.all([watch(), ...Array.from({ length: SIGNERS }, sign)]);
  console.log(`${unavailable} requests were answered 503 and repeated`);
  return samples;
}

/** The proxy gives an enclave up that shows no life, as a translated one does when its host lets it wait. Nothing was refused. */
function isUnavailable(error: unknown): boolean {
  return (error as { readonly statusCode?: number }).statusCode === 503;
}

/** What the enclave says of its process, through the proxy's metrics. */
async function readResidentMiB(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const bytes = /^strongroom_enclave_resident_bytes (\S+)$/m.exec(text)?.[1];
  if (bytes === undefined) throw new Error('the metrics do not name the enclave’s memory');
  return Number(bytes) / 2 ** 20;
}

/** Compares the last fifth with the fifth around the middle, when the table of used tokens is full. @returns exit code */
function report(samples: readonly Sample[]): number {
  const last = samples.at(-1);
  if (last === undefined) throw new Error('nothing was measured');
  const medianBetween = (from: number, to: number) => {
    const chosen = samples.filter(({ atMs }) => atMs >= from * last.atMs && atMs <= to * last.atMs);
    const sorted = chosen.map(({ residentMiB }) => residentMiB).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const [middle, end] = [medianBetween(0.5, 0.7), medianBetween(0.8, 1)];
  const grows = !(end - middle <= TOLERANCE_MIB);
  const perSecond = (last.signatures / last.atMs) * 1000;
  console.log(
    `${last.signatures} signatures, ${perSecond.toFixed(1)} a second; resident ${middle} MiB in the middle, ${end} MiB at the end: ${grows ? 'GROWS' : 'does not grow'}`,
  );
  return grows ? 1 : 0;
}
