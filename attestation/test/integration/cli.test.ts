import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../cli/run-command.ts';
import { PINS } from '../../scripts/forge/document.ts';
import { encodeHex } from '../../src/bytes.ts';
import { type CorpusCase, devRootCases, mutantCases, realCases } from '../corpus.ts';
import { at, pins, repository, scratch, verdict } from './command-line.ts';

const { directory, file } = scratch('cli-');
afterAll(() => rmSync(directory, { recursive: true }));

function optionsOf({ policy, root }: CorpusCase): readonly string[] {
  const { pcr0, pcr1, pcr2 } = policy.images[0];
  const nonce = policy.nonce === 'none-asked' ? ['--no-nonce'] : ['--nonce', encodeHex(policy.nonce)];
  const anchor =
    root === null ? [] : ['--custom-root', `${repository}vectors/attestation/devroot/dev-root.pem`];
  return [...pins([pcr0, pcr1, pcr2]), ...nonce, ...at(policy.nowMs), ...anchor, '--json'];
}

const real = await realCases();
const mutants = await mutantCases();
const synthetic = await devRootCases();
const genuine = real.find(({ name }) => name === 'tkhq-2026-04-21')!;
const options = optionsOf(genuine);
const path = (folder: string, name: string): string =>
  `${repository}vectors/attestation/${folder}/${name}.bin`;
const genuinePath = path('real', genuine.name);
const replaced = (name: string, value: string): readonly string[] =>
  options.with(options.indexOf(name) + 1, value);
const without = (...names: readonly string[]): readonly string[] =>
  options.filter(
    (option, index) =>
      !names.includes(option) &&
      !(names.includes(options[index - 1] ?? '') && option.match(/^[0-9a-f]{2,}$/)),
  );

describe('verify', () => {
  for (const [folder, cases] of [
    ['real', real],
    ['mutants', mutants],
    ['devroot', synthetic],
  ] as const) {
    it(`judges ${folder} as the library does`, async () => {
      for (const entry of cases) {
        const { name, expected } = entry;
        const code = expected === 'accept' ? 'ACCEPTED' : expected === 'debug' ? 'DEBUG_DOCUMENT' : expected;
        const got = await verdict(['verify', path(folder, name), ...optionsOf(entry)]);
        expect([name, ...got]).toEqual([name, code === 'ACCEPTED' ? 0 : 1, code]);
      }
    });
  }

  it('accepts debug documents when asked to, with their zeros pinned or nothing', async () => {
    const debug = real.find(({ name }) => name === 'espresso-indefinite')!;
    const common = ['verify', path('real', debug.name), '--no-nonce', ...at(debug.policy.nowMs), '--json'];
    const zeros = pins([new Uint8Array(48), new Uint8Array(48), new Uint8Array(48)]);
    expect(await verdict([...common, '--debug-enclave'])).toEqual([0, 'ACCEPTED']);
    expect(await verdict([...common, '--debug-enclave', ...zeros])).toEqual([0, 'ACCEPTED']);
    expect(await verdict([...common, '--debug-enclave', ...pins(PINS)])).toEqual([1, 'PCR_MISMATCH']);
    expect(await verdict([...common, ...zeros])).toEqual([1, 'DEBUG_DOCUMENT']);
    expect(await verdict(['verify', genuinePath, ...options, '--debug-enclave'])).toEqual([
      1,
      'NOT_DEBUG_DOCUMENT',
    ]);
  });

  it('takes further pins, bindings, roots and times', async () => {
    const run = (...more: readonly string[]) => verdict(['verify', genuinePath, ...options, ...more]);
    expect(await run('--root', 'aws')).toEqual([0, 'ACCEPTED']);
    expect(await run('--root', 'aws-us-gov')).toEqual([1, 'CHAIN_ROOT']);
    expect(await run('--pcr8', '11'.repeat(48))).toEqual([1, 'PCR_MISMATCH']);
    expect(await run('--public-key', 'absent')).toEqual([1, 'PUBLIC_KEY_MISMATCH']);
    expect(await run('--user-data', '00')).toEqual([1, 'USER_DATA_MISMATCH']);
    expect(await run(...pins(PINS))).toEqual([0, 'ACCEPTED']);
    const late = new Date(genuine.policy.nowMs + 301_000).toISOString();
    expect(await verdict(['verify', genuinePath, ...replaced('--at', late)])).toEqual([
      1,
      'TIMESTAMP_TOO_OLD',
    ]);
    expect(await verdict(['verify', genuinePath, ...replaced('--at', late), '--max-age', '302'])).toEqual([
      0,
      'ACCEPTED',
    ]);
    const early = new Date(genuine.policy.nowMs - 31_000).toISOString();
    expect(await verdict(['verify', genuinePath, ...replaced('--at', early)])).toEqual([
      1,
      'TIMESTAMP_IN_FUTURE',
    ]);
    expect(await verdict(['verify', genuinePath, ...replaced('--at', early), '--max-skew', '31'])).toEqual([
      0,
      'ACCEPTED',
    ]);
    const withoutAt = options.filter(
      (_, index) => index !== options.indexOf('--at') && index !== options.indexOf('--at') + 1,
    );
    expect(await verdict(['verify', genuinePath, ...withoutAt])).toEqual([1, 'X509_EXPIRED']);
  });

  it('reads base64 when it is told or named so, and never by itself', async () => {
    const base64 = Buffer.from(genuine.document)
      .toString('base64')
      .replace(/(.{76})/g, '$1\n');
    expect(await verdict(['verify', file('document.b64', base64), ...options])).toEqual([0, 'ACCEPTED']);
    expect(await verdict(['verify', file('document.txt', base64), '--base64', ...options])).toEqual([
      0,
      'ACCEPTED',
    ]);
    expect(await verdict(['verify', file('document.txt', base64), ...options])).toEqual([1, 'INPUT_IS_TEXT']);
    expect(await verdict(['verify', file('broken.b64', '!'), ...options])).toEqual([2, 'USAGE']);
  });

  it('ends with 2 when it was called wrongly', async () => {
    const usage = [2, 'USAGE'];
    for (const args of [
      [],
      ['bogus'],
      ['verify', '--json'],
      ['verify', genuinePath, genuinePath, ...options],
      ['verify', genuinePath, ...options, '--bogus'],
      ['verify', genuinePath, ...without('--pcr0', '--pcr1', '--pcr2')],
      ['verify', genuinePath, ...without('--pcr1')],
      ['verify', genuinePath, ...without('--pcr0', '--pcr1', '--pcr2'), '--pcr8', '11'.repeat(48)],
      ['verify', genuinePath, ...without('--no-nonce')],
      ['verify', genuinePath, ...options, '--nonce', '00'],
      ['verify', genuinePath, ...replaced('--at', 'yesterday')],
      ['verify', genuinePath, ...replaced('--at', '2026-04-21')],
      ['verify', genuinePath, ...replaced('--pcr0', 'xyz')],
      ['verify', genuinePath, ...options, '--max-age', '-1'],
      ['verify', genuinePath, ...options, '--root', 'aws-cn'],
      ['verify', genuinePath, ...options, '--custom-root', file('not.pem', 'x')],
      [
        'verify',
        genuinePath,
        ...options,
        '--root',
        'aws',
        '--custom-root',
        `${repository}vectors/attestation/aws-root-g1.pem`,
      ],
      ['verify', 'https://example.com', ...options],
      ['verify', join(directory, 'nothing'), ...options],
      ['verify', directory, ...options],
      ['verify', 'http://', ...pins(PINS)],
    ])
      expect([args, ...(await verdict(args))]).toEqual([args, ...usage]);
    expect(await verdict(['verify', genuinePath, ...replaced('--pcr0', '00'.repeat(48))])).toEqual([
      2,
      'POLICY_PCR_ZERO',
    ]);
    expect(await verdict(['verify', genuinePath, ...replaced('--pcr2', '11'.repeat(32))])).toEqual([
      2,
      'POLICY_PCR_LENGTH',
    ]);
  });
});

describe('inspect', () => {
  it('shows what a document claims, and says that nobody has verified it', async () => {
    const { exitCode, text, json } = await runCommand(['inspect', genuinePath]);
    expect(exitCode).toBe(0);
    expect(text.startsWith('UNVERIFIED')).toBe(true);
    expect(json).toMatchObject({ verified: false, moduleId: 'i-0e7a38c68f4acde83-enc019d88dad36ca2ab' });
  });

  it('follows what is no document as far as it can, whatever it is', async () => {
    for (const { name } of mutants) {
      const { exitCode, text } = await runCommand(['inspect', path('mutants', name)]);
      expect([name, exitCode === 2]).toEqual([name, false]);
      expect(text.startsWith('UNVERIFIED')).toBe(true);
      expect(text.length).toBeLessThan(40_000);
    }
    const deep = await runCommand(['inspect', file('deep.bin', Buffer.alloc(10_000, 0x81))]);
    expect(deep.text).toContain('... and more');
    const { text } = await runCommand(['inspect', path('mutants', 'm24-five-elements')]);
    expect(text).toContain('array of 5\n  4 bytes a1013822\n  map of 0\n');
  });
});

describe('the program', () => {
  const run = (args: readonly string[], input?: Uint8Array | string) => {
    const main = new URL('../../cli/main.ts', import.meta.url).pathname;
    return spawnSync(process.execPath, ['--conditions=source', main, ...args], {
      encoding: 'utf8',
      ...(input ? { input } : {}),
    });
  };

  it('reads standard input, prints one line of JSON and ends with the right code', () => {
    const accepted = run(['verify', '-', ...options], genuine.document);
    expect([accepted.status, accepted.stderr, accepted.stdout.trim().split('\n').length]).toEqual([0, '', 1]);
    expect(JSON.parse(accepted.stdout)).toMatchObject({ accepted: true, code: 'ACCEPTED', trust: 'aws' });
    const rejected = run(['verify', '-', ...options], 'aGVsbG8=');
    expect([rejected.status, JSON.parse(rejected.stdout)]).toMatchObject([
      1,
      { accepted: false, code: 'INPUT_IS_TEXT' },
    ]);
    const readable = run([
      'verify',
      genuinePath,
      ...options.filter((option) => option !== '--json'),
      '--pcr8',
      '11'.repeat(48),
    ]);
    expect([readable.status, readable.stdout, readable.stderr]).toEqual([
      1,
      '',
      'REJECTED: A PCR is not one of the pinned values. (PCR8) [PCR_MISMATCH]\n',
    ]);
    expect(run([]).status).toBe(2);
  });
});
