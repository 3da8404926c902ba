// What docs/operations.md and docs/incidents.md tell people to type: every command, option, make target and setting in it is there.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { COMMANDS } from '@strongroom/cli/commands';
import type { Command } from '@strongroom/cli/framework/command';
import { describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(repository, path), 'utf8');
const lines = [...read('docs/operations.md').split('\n'), ...read('docs/incidents.md').split('\n')];
const GENERAL_OPTIONS = ['--help', '--json', '--version', '--yes'];
/** Options of nitro-cli and docker that the text names by themselves. */
const FOREIGN_OPTIONS = ['--debug-mode'];

const blocks = lines
  .filter((line) => /^ {7}|^operate |^strongroom /.test(line))
  .map((line) => line.replace(/ {2,}#.*$/, '').trim());
const inline = lines.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
const typed = [...blocks, ...inline];

/** The command that a line begins with, by its longest name. */
function commandOf(words: string): Command | undefined {
  return COMMANDS.filter(({ name }) => words === name || words.startsWith(`${name} `)).toSorted(
    (a, b) => b.name.length - a.name.length,
  )[0];
}

const optionsIn = (text: string) => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
const makefile = read('Makefile') + read('scripts/enclave-image/targets.mk');

describe('operations.md and incidents.md name', () => {
  const strongroom = typed.flatMap((text) =>
    [...text.matchAll(/^(?:operate|strongroom) (.*)$/g)].map(([, words = '']) => words),
  );
  it.each(strongroom)('a command that there is: %s', (words) => {
    const command = commandOf(words);
    expect(command).toBeDefined();
    const known = [...Object.keys(command?.options ?? {}).map((name) => `--${name}`), ...GENERAL_OPTIONS];
    for (const option of optionsIn(words)) expect(known).toContain(option);
  });

  it('options by themselves that some command has', () => {
    const known = COMMANDS.flatMap(({ options }) => Object.keys(options).map((name) => `--${name}`));
    const alone = inline.filter((text) => text.startsWith('--')).flatMap(optionsIn);
    expect(alone.length).toBeGreaterThan(3);
    for (const option of alone) expect([...known, ...GENERAL_OPTIONS, ...FOREIGN_OPTIONS]).toContain(option);
  });

  const targets = typed.filter((text) => /^make( --silent)? [a-z]/.test(text));
  it.each(targets)('a target of make, with its variables: %s', (text) => {
    const [, target = ''] = /^make(?: --silent)? ([a-z-]+)/.exec(text) ?? [];
    expect(makefile).toMatch(new RegExp(`^${target}:`, 'm'));
    for (const [, variable] of text.matchAll(/ ([A-Z_]+)=/g)) expect(makefile).toContain(`$(${variable}`);
  });

  it('settings that something reads', () => {
    const names = [...new Set(read('docs/operations.md').match(/\bSTRONGROOM_[A-Z_]+[A-Z]\b/g))];
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      // What may be a file has its name made by the reader of settings.
      const read = name.replace(/_FILE$/, '');
      const search = ['grep', '-qE', `${name}\\b|${read}\\b`, '--', 'parent-proxy/src', 'cli/src'];
      expect(spawnSync('git', search, { cwd: repository }).status, name).toBe(0);
    }
  });

  it('units that are installed', () => {
    const units = readdirSync(join(repository, 'deploy/systemd')).map((file) =>
      file.replace(/@?\.service$/, ''),
    );
    const restarted = typed.flatMap(
      (text) => text.match(/(?<=systemctl [a-z -]*|-u |[a-z@0-9] )strongroom-[a-z-]+/g) ?? [],
    );
    const named = restarted.filter((name) => /^strongroom-(enclave|proxy|kms)/.test(name));
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(units).toContain(name);
  });
});
