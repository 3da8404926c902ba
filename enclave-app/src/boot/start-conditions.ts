import { readFileSync } from 'node:fs';
import { url } from 'node:inspector';
import type { StartRefusal } from '@strongroom/shared/phase';

const RNG_CURRENT = '/sys/class/misc/hw_random/rng_current';
const CURRENT_CLOCK_SOURCE = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
const OWN_LIMITS = '/proc/self/limits';
const CORE_PATTERN = '/proc/sys/kernel/core_pattern';

/** Steady ones of today's processors and of Nitro's hypervisor; hpet, acpi_pm and jiffies drift or stop. */
const CLOCK_SOURCES: readonly string[] = ['kvm-clock', 'tsc', 'arch_sys_counter'];
/** Options that the image may start Node with (Dockerfile.enclave). Each takes something away from whoever gets into the process; none adds. */
const RUNTIME_OPTIONS =
  /^--(?:disallow-code-generation-from-strings|disable-proto=throw|no-strip-types|disable-sigusr1|max-(?:old-space|semi-space)-size=\d+)$/;
const REQUIRED_OPTIONS: readonly string[] = [
  '--disallow-code-generation-from-strings',
  '--disable-proto=throw',
  '--disable-sigusr1',
];

/** What the process can see of itself and of the kernel that it runs on. */
export interface Surroundings {
  /** @throws Error when there is no such file */
  readonly readFile: (path: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Node's own options. */
  readonly execArgv: readonly string[];
  /** Where the inspector listens; undefined when it does not. */
  readonly inspectorUrl: () => string | undefined;
  readonly report: Pick<
    NonNullable<typeof process.report>,
    'reportOnFatalError' | 'reportOnSignal' | 'reportOnUncaughtException'
  > | null;
}

/** The surroundings of this process. */
export function ownSurroundings(): Surroundings {
  return {
    readFile: (path) => readFileSync(path, 'utf8'),
    environment: process.env,
    execArgv: process.execArgv,
    inspectorUrl: url,
    report: process.report ?? null,
  };
}

/**
 * Says why a production enclave must not start here, null when it may: its kernel takes entropy from the security module, its clock is steady,
 * and nothing that Node or the kernel offers can look into its memory. A file that cannot be read counts against.
 */
export function findStartRefusal(surroundings: Surroundings): StartRefusal | null {
  for (const [refusal, holds] of CONDITIONS) if (!holds(surroundings)) return refusal;
  return null;
}

const CONDITIONS: readonly (readonly [StartRefusal, (surroundings: Surroundings) => boolean])[] = [
  ['ENVIRONMENT_REFUSED', hasBareEnvironment],
  ['RUNTIME_OPTIONS_REFUSED', hasKnownOptions],
  ['INSPECTOR_REFUSED', ({ inspectorUrl }) => inspectorUrl() === undefined],
  ['REPORTS_REFUSED', writesNoReports],
  ['CORE_DUMPS_REFUSED', leavesNoCore],
  ['ENTROPY_SOURCE_REFUSED', (surroundings) => lineOf(surroundings, RNG_CURRENT) === 'nsm-hwrng'],
  ['CLOCK_SOURCE_REFUSED', hasSteadyClock],
];

/** `NODE_OPTIONS` and its like change how Node runs, LD_* what it loads; SSL_* and OPENSSL_* whom it believes. */
function hasBareEnvironment({ environment }: Surroundings): boolean {
  return !Object.keys(environment).some((name) => /^(?:NODE|LD|SSL|OPENSSL|UV|AWS)_/i.test(name));
}

/** A list of what is allowed: heap snapshots, profiles, reports and inspectors have many options, and get new ones. */
function hasKnownOptions({ execArgv }: Surroundings): boolean {
  const isKnown = execArgv.every((option) => RUNTIME_OPTIONS.test(option));
  return isKnown && REQUIRED_OPTIONS.every((option) => execArgv.includes(option));
}

function writesNoReports({ report }: Surroundings): boolean {
  return (
    report === null ||
    !(report.reportOnFatalError || report.reportOnSignal || report.reportOnUncaughtException)
  );
}

/** The limit does not hold for a pattern that is a pipe (core(5)). */
function leavesNoCore(surroundings: Surroundings): boolean {
  const limits = textOf(surroundings, OWN_LIMITS) ?? '';
  const softLimit = /^Max core file size +(\S+)/m.exec(limits)?.[1];
  const pattern = textOf(surroundings, CORE_PATTERN);
  return softLimit === '0' && pattern !== null && !pattern.trimStart().startsWith('|');
}

function hasSteadyClock(surroundings: Surroundings): boolean {
  return CLOCK_SOURCES.includes(lineOf(surroundings, CURRENT_CLOCK_SOURCE) ?? '');
}

function lineOf(surroundings: Surroundings, path: string): string | null {
  return textOf(surroundings, path)?.trim() ?? null;
}

function textOf({ readFile }: Surroundings, path: string): string | null {
  try {
    return readFile(path);
  } catch {
    return null;
  }
}
