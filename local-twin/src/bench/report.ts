import { CONNECTIONS } from './plan.ts';
import type { BenchSummary } from './summary.ts';

/** What the service promises of a signed request, and whether this run shows it. */
export interface Limit {
  readonly name: string;
  readonly isMet: boolean;
}

const MIN_EFFICIENCY = 0.42;
const MAX_STORED_ACCOUNTS_COST_RATIO = 1.1;
const MAX_POLICY_COST_RATIO = 1.5;
const MAX_ENCLAVE_RSS_MIB = 150;
/** Memory may not have grown by more in the second half of the signatures. */
const MAX_RSS_GROWTH = 1.2;

export function limitsOf(summary: BenchSummary): Limit[] {
  const { efficiency, storedAccountsCostRatio, policyCostRatio, enclaveRssMiB, enclaveRssSamples } = summary;
  const half = enclaveRssSamples[enclaveRssSamples.length >> 1]?.enclaveRssMiB ?? 0;
  return [
    { name: `efficiency at least ${MIN_EFFICIENCY}`, isMet: efficiency >= MIN_EFFICIENCY },
    {
      name: `stored accounts cost at most ${MAX_STORED_ACCOUNTS_COST_RATIO.toFixed(2)} times`,
      isMet: storedAccountsCostRatio <= MAX_STORED_ACCOUNTS_COST_RATIO,
    },
    {
      name: `ten rules cost at most ${MAX_POLICY_COST_RATIO.toFixed(2)} times`,
      isMet: policyCostRatio <= MAX_POLICY_COST_RATIO,
    },
    { name: `enclave at most ${MAX_ENCLAVE_RSS_MIB} MiB`, isMet: enclaveRssMiB <= MAX_ENCLAVE_RSS_MIB },
    { name: 'enclave memory flat', isMet: enclaveRssMiB <= half * MAX_RSS_GROWTH },
    { name: 'no KMS request under load', isMet: summary.kmsRequestsUnderLoad === 0 },
  ];
}

/** The summary as a page of text. */
export function renderReport(summary: BenchSummary): string {
  return [
    ...costLines(summary),
    '',
    ...loadLines(summary),
    '',
    ...ratioLines(summary),
    '',
    ...memoryLines(summary),
    '',
    `KMS requests under load                 ${summary.kmsRequestsUnderLoad}`,
    '',
    ...limitsOf(summary).map(({ name, isMet }) => `${isMet ? 'met   ' : 'MISSED'}  ${name}`),
  ].join('\n');
}

function costLines(summary: BenchSummary): string[] {
  const { primitives, primitivesCpuUs, proxyCpuUs, enclaveCpuUs } = summary;
  const [lowest, highest] = summary.efficiencyRange;
  return [
    `A signed request at ${CONNECTIONS} connections, CPU microseconds`,
    `  proxy                                 ${column(proxyCpuUs)}`,
    `  enclave                               ${column(enclaveCpuUs)}`,
    `  primitives that it cannot avoid       ${column(primitivesCpuUs)}`,
    `    Ed25519 verification                ${column(primitives.ed25519VerifyUs)}`,
    `    P-256 verification                  ${column(primitives.p256VerifyUs)}`,
    `    unsealing, twice each               ${column(primitives.unsealUs)}`,
    `    secp256k1 signature                 ${column(primitives.secp256k1SignUs)}`,
    `  efficiency                            ${summary.efficiency.toFixed(3).padStart(8)}   (rounds: ${lowest} to ${highest})`,
  ];
}

function loadLines({ load }: BenchSummary): string[] {
  return [
    'connections  requests/s    p50 ms    p99 ms  proxy us  enclave us',
    ...load.map((row) =>
      [
        String(row.connections).padStart(11),
        String(row.requestsPerSecond).padStart(12),
        row.p50Ms.toFixed(2).padStart(10),
        row.p99Ms.toFixed(2).padStart(10),
        String(row.proxyCpuUs).padStart(10),
        String(row.enclaveCpuUs).padStart(12),
      ].join(''),
    ),
  ];
}

function ratioLines(summary: BenchSummary): string[] {
  const { storedAccounts, storedAccountsCostRatio, storedAccountsCostRange, fillSeconds } = summary;
  const { few, many } = storedAccounts;
  return [
    'CPU of proxy and enclave, medians of pairs of neighbouring batches',
    ratioLine(`${many} accounts stored over ${few}`, storedAccountsCostRatio, storedAccountsCostRange),
    ratioLine('a policy of ten rules over none', summary.policyCostRatio, summary.policyCostRange),
    `  ${many} accounts were made and stored in ${fillSeconds} s`,
  ];
}

function ratioLine(name: string, ratio: number, [lowest, highest]: readonly [number, number]): string {
  return `  ${name.padEnd(38)}${ratio.toFixed(3).padStart(8)}   (pairs: ${lowest} to ${highest})`;
}

function memoryLines({ enclaveRssSamples }: BenchSummary): string[] {
  return [
    'signatures  enclave MiB',
    ...enclaveRssSamples.map(
      ({ signatures, enclaveRssMiB }) =>
        `${String(signatures).padStart(10)}${enclaveRssMiB.toFixed(1).padStart(13)}`,
    ),
  ];
}

function column(value: number): string {
  return value.toFixed(1).padStart(8);
}
