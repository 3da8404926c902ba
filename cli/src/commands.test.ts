import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';
import { completionScript } from './framework/completion.ts';
import { commandHelp, overview } from './framework/help.ts';
import { optionsOf, parseCall } from './framework/parse.ts';
import { UsageError } from './framework/usage-error.ts';
import { VERSION } from './framework/version.ts';

/** What would hold a secret, unless it names a file. */
const SECRET = /secret|token|password|passphrase|private|seed|words|mnemonic|(^|-)key$|code$|pin$/;
const PUBLIC = new Set(['kms-key']);

const find = (name: string) => COMMANDS.find((command) => command.name === name)!;

it('has the version of its package', () => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  expect(VERSION).toBe(JSON.parse(manifest).version);
});

describe('the table of commands', () => {
  it('is what the help shows', () => {
    expect(overview(COMMANDS)).toMatchSnapshot();
  });

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s: no option takes a secret, and its examples parse',
    (name, command) => {
      for (const [option, { type }] of Object.entries(optionsOf(command)))
        if (type !== 'file' && type !== 'flag' && !PUBLIC.has(option)) expect(option).not.toMatch(SECRET);
      for (const { name: positional } of command.positionals ?? [])
        expect(positional).not.toMatch(/SECRET|WORDS|TOKEN/);
      for (const example of command.examples.filter((one) => one.startsWith('strongroom'))) {
        const words = example
          .replace(/ \|.*$/, '')
          .split(' ')
          .slice(1);
        expect(words.slice(0, name.split(' ').length).join(' ')).toBe(name);
        expect(() => parseCall(command, words.slice(name.split(' ').length), {})).not.toThrow();
      }
      expect(commandHelp(command)).toContain(command.summary.slice(1));
    },
  );

  it('has no two commands of one name, and every irreversible one takes --yes', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
    for (const command of COMMANDS)
      expect('yes' in optionsOf(command)).toBe(command.irreversible !== undefined);
  });
});

describe('parsing refuses', () => {
  it.each([
    ['an unknown option', ['--credentails', 'x'], 'Did you mean --credentials?'],
    ['a value that is not quoted back', ['--retire-others-in'], '--retire-others-in is used wrongly'],
    ['a word too many', ['--out', 'x', 'hunter2'], 'takes no word'],
    ['a missing option', [], '--out is missing'],
    ['an empty value', ['--out='], '--out needs a value.'],
    ['a choice that there is not', ['--out', 'x', '--root', 'mine'], '--root is one of: aws, aws-us-gov.'],
  ])('%s', (_name, words, message) => {
    const parse = () => parseCall(find('wallet-secret rotate'), words, {});
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('hunter2');
  });

  it('an integer out of its range', () => {
    for (const share of ['0', '101', '1e1', '-1'])
      expect(() => parseCall(find('rotate root-key'), [`--share=${share}`], {})).toThrow('from 1 to 100');
  });

  it('and takes what the environment has', () => {
    const { values } = parseCall(find('project show'), [], { STRONGROOM_CREDENTIALS: 'acme.json' });
    expect(values['credentials']).toBe('acme.json');
  });
});

describe('completion in bash', () => {
  const script = completionScript('bash', COMMANDS);
  const complete = (...words: string[]) => {
    const array = words.map((word) => `'${word}'`).join(' ');
    const line = `COMP_WORDS=(strongroom ${array}); COMP_CWORD=${words.length}; _strongroom; echo "\${COMPREPLY[*]}"`;
    return execFileSync('bash', ['-c', `${script}\n${line}`], { encoding: 'utf8' })
      .trim()
      .split(' ');
  };

  it('knows commands, options and choices', () => {
    expect(complete('rec')).toEqual(['recovery']);
    expect(complete('recovery', 'st')).toEqual(['start', 'status']);
    expect(complete('wallet-secret', 'revoke', '3f0c', '--y')).toEqual(['--yes']);
    expect(complete('project', 'create', '--policy-authority', '')).toEqual(['wallet', 'api-key']);
  });

  it('loads in bash, and names every command in zsh and fish', () => {
    execFileSync('bash', ['-n'], { input: script });
    for (const shell of ['zsh', 'fish'] as const)
      for (const { name } of COMMANDS)
        for (const word of name.split(' ')) expect(completionScript(shell, COMMANDS)).toContain(word);
  });

  it('offers in fish what follows a group below that group alone', () => {
    const fish = completionScript('fish', COMMANDS);
    expect(fish).toContain(`-n '__strongroom_at "account"' -a 'export import list verify'`);
    expect(fish).toContain(`-n '__strongroom_at "rotate"' -a 'root-key'`);
    expect(fish).toContain(`-n '__strongroom_at "account export"' -l out -r -F`);
  });
});
