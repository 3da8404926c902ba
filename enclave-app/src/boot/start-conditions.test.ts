import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findStartRefusal, type Surroundings } from './start-conditions.ts';

const RNG = '/sys/class/misc/hw_random/rng_current';
const CLOCK = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
const LIMITS = '/proc/self/limits';
const PATTERN = '/proc/sys/kernel/core_pattern';
const limitsWithCore = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max data size             unlimited            unlimited            bytes     
Max core file size        ${soft.padEnd(20)} unlimited            bytes     
`;

const files: Readonly<Record<string, string>> = {
  [RNG]: 'nsm-hwrng\n',
  [CLOCK]: 'kvm-clock\n',
  [LIMITS]: limitsWithCore('0'),
  [PATTERN]: 'core\n',
};

/** The options of Dockerfile.enclave, as Node sees them. */
const dockerfile = readFileSync(new URL('../../../Dockerfile.enclave', import.meta.url), 'utf8');
const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
const imageOptions = command.filter((argument) => argument.startsWith('--'));

function surroundings(
  changedFiles: Readonly<Record<string, string | null>> = {},
  changes: Partial<Surroundings> = {},
): Surroundings {
  const present: Readonly<Record<string, string | null>> = { ...files, ...changedFiles };
  return {
    readFile(path) {
      const text = present[path] ?? null;
      if (text === null) throw new Error('ENOENT');
      return text;
    },
    environment: { HOME: '/nonexistent' },
    execArgv: imageOptions,
    inspectorUrl: () => undefined,
    report: { reportOnFatalError: false, reportOnSignal: false, reportOnUncaughtException: false },
    ...changes,
  };
}

describe('a production enclave', () => {
  it('starts as the image starts it', () => {
    expect(imageOptions).toHaveLength(4);
    expect(findStartRefusal(surroundings())).toBeNull();
    expect(findStartRefusal(surroundings({ [CLOCK]: 'arch_sys_counter\n' }))).toBeNull();
  });

  it.each([
    ['virtio_rng.0\n', 'ENTROPY_SOURCE_REFUSED'],
    ['tpm-rng-0', 'ENTROPY_SOURCE_REFUSED'],
    ['none\n', 'ENTROPY_SOURCE_REFUSED'],
    ['', 'ENTROPY_SOURCE_REFUSED'],
    [null, 'ENTROPY_SOURCE_REFUSED'],
  ])('refuses the entropy source %j', (text, refusal) => {
    expect(findStartRefusal(surroundings({ [RNG]: text }))).toBe(refusal);
  });

  it.each(['hpet', 'acpi_pm', 'jiffies', 'refined-jiffies', 'kvm-clock tsc', '', null])(
    'refuses the clock source %j',
    (text) => {
      expect(findStartRefusal(surroundings({ [CLOCK]: text }))).toBe('CLOCK_SOURCE_REFUSED');
    },
  );

  it.each([
    ['a soft limit', { [LIMITS]: limitsWithCore('1048576') }],
    ['no limit', { [LIMITS]: limitsWithCore('unlimited') }],
    ['a pipe, for which the limit does not hold', { [PATTERN]: '|/usr/lib/systemd/systemd-coredump %P' }],
    ['limits that cannot be read', { [LIMITS]: null }],
    ['limits without the line', { [LIMITS]: 'Limit\n' }],
    ['a pattern that cannot be read', { [PATTERN]: null }],
  ])('refuses core dumps: %s', (_name, changed) => {
    expect(findStartRefusal(surroundings(changed))).toBe('CORE_DUMPS_REFUSED');
  });

  it.each([
    'NODE_OPTIONS',
    'NODE_V8_COVERAGE',
    'NODE_EXTRA_CA_CERTS',
    'LD_PRELOAD',
    'SSL_CERT_FILE',
    'OPENSSL_CONF',
    'AWS_ENDPOINT_URL_KMS',
  ])('refuses %s in its environment', (name) => {
    const changes = { environment: { HOME: '/nonexistent', [name]: '' } };
    expect(findStartRefusal(surroundings({}, changes))).toBe('ENVIRONMENT_REFUSED');
  });

  it.each([
    '--inspect',
    '--inspect-brk=0.0.0.0:9229',
    '--inspect-wait',
    '--heapsnapshot-signal=SIGUSR2',
    '--heapsnapshot-near-heap-limit=1',
    '--heap-prof',
    '--cpu-prof',
    '--report-on-signal',
    '--report-uncaught-exception',
    '--abort-on-uncaught-exception',
    '--require',
    '--import=./x.js',
    '--expose-internals',
    '--use-openssl-ca',
    '--tls-keylog=/tmp/keys',
  ])('refuses the option %s', (option) => {
    const changes = { execArgv: [...imageOptions, option] };
    expect(findStartRefusal(surroundings({}, changes))).toBe('RUNTIME_OPTIONS_REFUSED');
  });

  it.each(imageOptions.filter((option) => option !== '--no-strip-types'))('refuses to miss %s', (option) => {
    const changes = { execArgv: imageOptions.filter((each) => each !== option) };
    expect(findStartRefusal(surroundings({}, changes))).toBe('RUNTIME_OPTIONS_REFUSED');
  });

  it('refuses an inspector that listens, and reports that would be written', () => {
    const listening = { inspectorUrl: () => 'ws://127.0.0.1:9229/x' };
    expect(findStartRefusal(surroundings({}, listening))).toBe('INSPECTOR_REFUSED');
    for (const field of ['reportOnFatalError', 'reportOnSignal', 'reportOnUncaughtException'] as const) {
      const report = { reportOnFatalError: false, reportOnSignal: false, reportOnUncaughtException: false };
      const changes = { report: { ...report, [field]: true } };
      expect(findStartRefusal(surroundings({}, changes)), field).toBe('REPORTS_REFUSED');
    }
  });
});

describe('this process', () => {
  /** What a real Node says of its own surroundings when it is started so. */
  function refusalOf(options: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
    const script = `import { findStartRefusal, ownSurroundings } from ${JSON.stringify(new URL('./start-conditions.ts', import.meta.url).href)};
console.log(findStartRefusal(ownSurroundings()));`;
    const { stdout } = spawnSync(process.execPath, [...options, '--input-type=module', '--eval', script], {
      env: environment,
      encoding: 'utf8',
    });
    return stdout.trim();
  }

  it('is seen as it is', () => {
    expect(refusalOf([], { NODE_OPTIONS: '--max-old-space-size=512' })).toBe('ENVIRONMENT_REFUSED');
    expect(refusalOf(['--heapsnapshot-signal=SIGUSR2'])).toBe('RUNTIME_OPTIONS_REFUSED');
  });
});
