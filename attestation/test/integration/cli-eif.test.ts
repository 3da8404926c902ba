import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../cli/run-command.ts';
import { repository, scratch } from './command-line.ts';

const { directory } = scratch('cli-eif-');
afterAll(() => rmSync(directory, { recursive: true }));

describe('eif', () => {
  const image = `${repository}vectors/eif/two-ramdisks.eif`;

  it('measures, describes, extracts and builds again the same bytes', async () => {
    const sidecar = JSON.parse(readFileSync(image.replace('.eif', '.json'), 'utf8'));
    expect((await runCommand(['pcrs', image])).json).toEqual(sidecar.pcrs);
    expect((await runCommand(['eif', 'describe', image])).json).toMatchObject({
      pcrs: sidecar.pcrs,
      signature: null,
    });
    const parts = join(directory, 'parts');
    expect((await runCommand(['eif', 'extract', image, parts])).json).toMatchObject({
      files: ['kernel', 'cmdline', 'metadata.json', 'ramdisk-0', 'ramdisk-1'],
    });
    const rebuilt = join(directory, 'rebuilt.eif');
    const part = (name: string): string => join(parts, name);
    const inputs = [
      '--kernel',
      part('kernel'),
      '--cmdline-file',
      part('cmdline'),
      '--metadata',
      part('metadata.json'),
    ];
    const ramdisks = ['--ramdisk', part('ramdisk-0'), '--ramdisk', part('ramdisk-1')];
    const built = await runCommand(['eif', 'build', ...inputs, ...ramdisks, '--output', rebuilt, '--json']);
    expect(built.json).toEqual(sidecar.pcrs);
    expect(readFileSync(rebuilt).equals(readFileSync(image))).toBe(true);
  });

  it('builds a ramdisk from a directory, for either architecture', async () => {
    const tree = join(directory, 'tree', 'bin');
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, 'init'), 'init', { mode: 0o755 });
    const output = join(directory, 'tree.eif');
    const args = [
      '--kernel',
      join(tree, 'init'),
      '--cmdline',
      'x',
      '--ramdisk',
      join(directory, 'tree'),
      '--arch',
      'arm64',
    ];
    const built = await runCommand(['eif', 'build', ...args, '--output', output]);
    expect(built.exitCode).toBe(0);
    expect((await runCommand(['eif', 'describe', output])).json).toMatchObject({
      pcrs: built.json,
      architecture: 'arm64',
    });
  });

  it('refuses with 1 what is no image and with 2 what makes no sense', async () => {
    const bad = `${repository}vectors/eif/bad-crc.eif`;
    expect(await runCommand(['pcrs', bad])).toMatchObject({ exitCode: 1, json: { code: 'EIF_CRC' } });
    expect(await runCommand(['eif', 'extract', bad, join(directory, 'bad')])).toMatchObject({ exitCode: 1 });
    expect(await runCommand(['pcrs', join(directory, 'nothing')])).toMatchObject({
      exitCode: 2,
      json: { code: 'EIF_UNREADABLE' },
    });
    const kernel = ['--kernel', bad, '--ramdisk', bad, '--output', join(directory, 'x.eif')];
    expect(await runCommand(['eif', 'build', ...kernel])).toMatchObject({
      exitCode: 2,
      json: { code: 'USAGE' },
    });
    const nowhere = ['--cmdline', 'x', '--metadata', join(directory, 'nothing')];
    expect(await runCommand(['eif', 'build', ...kernel, ...nowhere])).toMatchObject({
      exitCode: 1,
      json: { code: 'EIF_METADATA' },
    });
    expect(await runCommand(['pcrs', directory])).toMatchObject({
      exitCode: 2,
      json: { code: 'EIF_UNREADABLE' },
    });
    const unwritable = ['--output', join(directory, 'nothing', 'x.eif'), '--cmdline', 'x'];
    const built = await runCommand(['eif', 'build', '--kernel', bad, '--ramdisk', bad, ...unwritable]);
    expect(built).toMatchObject({ exitCode: 2, json: { code: 'FILE_SYSTEM' } });
    for (const args of [
      ['eif'],
      ['eif', 'sign'],
      ['pcrs'],
      ['eif', 'describe'],
      ['eif', 'extract', image],
      ['inspect'],
    ])
      expect(await runCommand(args)).toMatchObject({ exitCode: 2, json: { code: 'USAGE' } });
  });
});
