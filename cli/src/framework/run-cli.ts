import type { Command, CommandResult, Platform } from './command.ts';
import { failureOf } from './exit-code.ts';
import { commandHelp, groupHelp, overview } from './help.ts';
import { parseCall } from './parse.ts';
import { progressWriter } from './progress.ts';
import { closest } from './suggestion.ts';
import { askSecret, confirm } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { flag } from './values.ts';

/**
 * Runs one call in this process: the result on stdout, everything else on stderr.
 * @param words what follows "strongroom"
 * @returns the exit code
 */
export async function runCli(
  commands: readonly Command[],
  words: readonly string[],
  platform: Platform,
): Promise<number> {
  const asJson = words.includes('--json');
  try {
    process.stdout.write(await answer(commands, words, { platform, asJson }));
    return 0;
  } catch (error) {
    const { exitCode, code, message } = failureOf(error);
    const told = code === message || exitCode === 2 ? message : `${code}: ${message}`;
    process.stderr.write(`${asJson ? JSON.stringify({ error: { code, message } }) : told}\n`);
    return exitCode;
  }
}

interface Call {
  readonly platform: Platform;
  readonly asJson: boolean;
}

/** What goes to stdout. */
async function answer(commands: readonly Command[], words: readonly string[], call: Call): Promise<string> {
  const command = commands.findLast(({ name }) => startsWith(words, name));
  if (command !== undefined) return await run(command, words.slice(command.name.split(' ').length), call);
  const typed = words.filter((word) => !word.startsWith('-'));
  const [first] = typed;
  if (first === undefined || first === 'help') {
    const unknown = words.find((word) => !['help', '--help', '-h', '--json'].includes(word));
    if (unknown?.startsWith('-')) throw new UsageError('Options come after a command.');
    return overview(commands);
  }
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && typed.length === 1) return groupHelp(first, group);
  const known = (group.length > 0 ? group : commands).map(({ name }) => name);
  const firsts = [...new Set(known.map((name) => name.split(' ')[0] ?? ''))];
  const suggestion =
    closest(typed.slice(0, 2).join(' '), known) ?? (group.length > 0 ? null : closest(first, firsts));
  throw new UsageError(
    `Unknown command.${suggestion === null ? ' "strongroom" shows all.' : ` Did you mean "strongroom ${suggestion}"?`}`,
  );
}

async function run(command: Command, words: readonly string[], { platform, asJson }: Call): Promise<string> {
  const { values, positionals } = parseCall(command, words, process.env);
  if (flag(values, 'help')) return commandHelp(command);
  if (command.irreversible !== undefined && !flag(values, 'yes')) await confirm(command.irreversible);
  const progress = progressWriter(process.stderr, asJson, () => performance.now());
  const environment = process.env;
  let result: CommandResult;
  try {
    result = await command.run({
      values,
      positionals,
      environment,
      progress: progress.show,
      askSecret,
      platform,
    });
  } finally {
    progress.end();
  }
  return asJson ? `${JSON.stringify(result.json)}\n` : `${result.text.replace(/\n$/, '')}\n`;
}

function startsWith(words: readonly string[], name: string): boolean {
  return name.split(' ').every((word, index) => words[index] === word);
}
