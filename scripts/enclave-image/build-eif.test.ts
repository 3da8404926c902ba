// `make eif` on Nitro, with stand-ins for the two programs that only such a machine has: what they are given, and what becomes of their answers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { twinConfiguration } from '../../local-twin/src/system/twin-configuration.ts';
import { temporaryDir } from './compile-app.ts';

const PROGRAM = join(import.meta.dirname, 'build-eif.ts');
const MEASUREMENTS = {
  HashAlgorithm: 'Sha384 { ... }',
  PCR0: '0a'.repeat(48),
  PCR1: '1b'.repeat(48),
  PCR2: '2c'.repeat(48),
};
const work = temporaryDir('build-eif');
const bin = join(work.path, 'bin');
const out = join(work.path, 'out');
const seen = join(work.path, 'seen');
const configuration = join(work.path, 'configuration.json');
afterAll(() => work[Symbol.dispose]());

beforeEach(() => {
  for (const dir of [bin, out, seen]) mkdirSync(dir, { recursive: true });
  writeFileSync(configuration, twinConfiguration());
  // docker build -f FILE -t TAG CONTEXT
  standIn(
    'docker',
    'echo "$SOURCE_DATE_EPOCH $1 $4 $5" > SEEN/docker; cp "$3" "$6/configuration.json" SEEN; ls "$6" > SEEN/context',
  );
  // nitro-cli build-enclave --docker-uri TAG --output-file FILE
  const printed = JSON.stringify({ Measurements: MEASUREMENTS }, null, 2);
  standIn(
    'nitro-cli',
    `echo "$1 $2 $3" > SEEN/nitro-cli; echo image > "$5"; echo "Start building the Enclave Image..."; echo '${printed}'`,
  );
});

function standIn(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script.replaceAll('SEEN', seen)}\n`, { mode: 0o755 });
}

function build(file: string) {
  const args = ['--conditions=source', '--no-warnings', PROGRAM, '--configuration', file, '--out', out];
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  expect(stderr).not.toMatch(/^\s+at /m);
  return { status, stdout, stderr };
}

describe('make eif on Nitro', { timeout: 30_000 }, () => {
  it('gives Docker the tracked sources with the configuration, nitro-cli the image, and keeps its measurements', () => {
    const { status, stdout } = build(configuration);
    expect(status).toBe(0);
    const pcrs = { pcr0: MEASUREMENTS.PCR0, pcr1: MEASUREMENTS.PCR1, pcr2: MEASUREMENTS.PCR2 };
    expect(JSON.parse(stdout)).toEqual(pcrs);
    expect(JSON.parse(readFileSync(join(out, 'pcrs.json'), 'utf8'))).toEqual(pcrs);
    expect(existsSync(join(out, 'enclave.eif'))).toBe(true);
    expect(readFileSync(join(seen, 'docker'), 'utf8')).toBe('0 build -t strongroom-enclave:latest\n');
    expect(readFileSync(join(seen, 'nitro-cli'), 'utf8')).toBe(
      'build-enclave --docker-uri strongroom-enclave:latest\n',
    );
    expect(readFileSync(join(seen, 'configuration.json'))).toEqual(Buffer.from(twinConfiguration()));
    const context = readFileSync(join(seen, 'context'), 'utf8').split('\n');
    expect(context).toEqual(expect.arrayContaining(['package-lock.json', 'enclave-app', 'shared']));
    expect(context).not.toContain('node_modules');
  });

  it('says which step failed', () => {
    standIn('docker', 'echo "no space left on device" >&2; exit 7');
    const failed = build(configuration);
    expect(failed).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('docker build failed with 7'),
    });
    expect(failed.stderr).toContain('no space left on device');
  });

  it('takes no measurements of a debug enclave', () => {
    standIn(
      'nitro-cli',
      `echo '${JSON.stringify({ Measurements: { ...MEASUREMENTS, PCR0: '0'.repeat(96) } })}'`,
    );
    expect(build(configuration)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('printed no measurements'),
    });
  });

  it('takes no configuration that the enclave would refuse, and starts nothing', () => {
    writeFileSync(configuration, '{}');
    standIn('docker', 'touch SEEN/started');
    expect(build(configuration)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('securityEpoch'),
    });
    expect(build(join(work.path, 'absent.json'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('ENOENT'),
    });
    expect(build('')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('usage: make eif CONFIG='),
    });
    expect(existsSync(join(seen, 'started'))).toBe(false);
  });
});
