import type { Command, CommandResult, Platform } from './command.ts';
import { type Failure, failureOf } from './exit-code.ts';
import { commandHelp, groupHelp, overview } from './help.ts';
import { OutputError, writeResult } from './output.ts';
import { parseCall } from './parse.ts';
import { progressWriter } from './progress.ts';
import { closest } from './suggestion.ts';
import { askSecret, confirm } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { flag } from './values.ts';
import { VERSION } from './version.ts';

const HELP_WORDS = ['help', '--help', '-h'];

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
    await writeResult(process.stdout, await answer(commands, words, { platform, asJson }));
    return 0;
  } catch (error) {
    // Whoever closed the pipe has seen enough.
    if (error instanceof OutputError && error.code === 'EPIPE') return 1;
    const failure = failureOf(error);
    // Where nobody can be told, the exit code is left.
    await writeResult(process.stderr, told(failure, asJson)).catch(() => {});
    return failure.exitCode;
  }
}

function told({ exitCode, code, message }: Failure, asJson: boolean): string {
  if (asJson) return `${JSON.stringify({ error: { code, message } })}\n`;
  return `${code === message || exitCode === 2 ? message : `${code}: ${message}`}\n`;
}

interface Call {
  readonly platform: Platform;
  readonly asJson: boolean;
}

/** What goes to stdout. */
async function answer(commands: readonly Command[], words: readonly string[], call: Call): Promise<string> {
  const command = commands.findLast(({ name }) => startsWith(words, name));
  if (command !== undefined) return await run(command, words.slice(command.name.split(' ').length), call);
  if (words.includes('--version')) return call.asJson ? line({ version: VERSION }) : `${VERSION}\n`;
  const isHelp = words.some((word) => HELP_WORDS.includes(word));
  const typed = words.filter((word) => !HELP_WORDS.includes(word) && word !== '--json');
  if (typed.some((word) => word.startsWith('-'))) throw new UsageError('Options come after a command.');
  return call.asJson ? line({ help: help(commands, typed, isHelp) }) : help(commands, typed, isHelp);
}

/** Of everything, of a group of commands, or of the command that "help" was asked about. @throws UsageError */
function help(commands: readonly Command[], typed: readonly string[], isHelp: boolean): string {
  const [first] = typed;
  if (first === undefined) return overview(commands);
  const command = commands.find(({ name }) => name === typed.join(' '));
  if (command !== undefined && isHelp) return commandHelp(command);
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
  if (flag(values, 'help')) return asJson ? line({ help: commandHelp(command) }) : commandHelp(command);
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
  return asJson ? line(result.json) : `${result.text.replace(/\n$/, '')}\n`;
}

function line(json: unknown): string {
  return `${JSON.stringify(json)}\n`;
}

function startsWith(words: readonly string[], name: string): boolean {
  return name.split(' ').every((word, index) => words[index] === word);
}
