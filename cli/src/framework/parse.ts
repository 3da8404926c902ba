import { parseArgs } from 'node:util';
import type { Command, Option } from './command.ts';
import { closest } from './suggestion.ts';
import { UsageError } from './usage-error.ts';
import type { Values } from './values.ts';

/** Options that the framework adds to every command. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  json: { type: 'flag', summary: 'print one JSON object, and errors as JSON on stderr' },
  help: { type: 'flag', summary: 'show this' },
};

/** Added to commands that cannot be undone. */
export const YES_OPTION: Readonly<Record<string, Option>> = {
  yes: { type: 'flag', summary: 'do not ask; needed where there is no terminal' },
};

/** All options of a command, in the order of its help. */
export function optionsOf({ options, irreversible }: Command): Readonly<Record<string, Option>> {
  return { ...options, ...(irreversible !== undefined && YES_OPTION), ...COMMON_OPTIONS };
}

export interface ParsedCall {
  readonly values: Values;
  readonly positionals: readonly string[];
}

/** The words of a call after the command's name. @throws UsageError */
export function parseCall(
  command: Command,
  words: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): ParsedCall {
  const options = optionsOf(command);
  const { values, positionals } = parseWords(options, words);
  if (values['help']) return { values, positionals };
  const expected = command.positionals ?? [];
  if (positionals.length > expected.length)
    throw new UsageError(
      expected.length === 0
        ? `${command.name} takes no word after it; \`strongroom ${command.name} --help\` shows what it takes. Secrets are never arguments.`
        : `${command.name} takes only ${names(expected)}.`,
    );
  const missing = expected.slice(positionals.length);
  if (missing.length > 0) throw new UsageError(`${names(missing)} is missing.`);
  const filled = { ...values };
  for (const [name, option] of Object.entries(options)) {
    const fromEnvironment = option.environment && environment[option.environment];
    if (filled[name] === undefined && fromEnvironment)
      filled[name] = option.isRepeatable ? fromEnvironment.trim().split(/\s+/) : fromEnvironment;
    checkOption(name, option, filled[name]);
  }
  return { values: filled, positionals };
}

function parseWords(options: Readonly<Record<string, Option>>, words: readonly string[]) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, isRepeatable = false }]) => [
      name,
      { type: type === 'flag' ? ('boolean' as const) : ('string' as const), multiple: isRepeatable },
    ]),
  );
  try {
    const help = { short: 'h', type: 'boolean' } as const;
    const { values, positionals } = parseArgs({
      args: [...words],
      options: { ...config, help },
      allowPositionals: true,
    });
    return { values: values as Values, positionals };
  } catch (cause) {
    throw new UsageError(explain(cause, Object.keys(options)));
  }
}

/** Without the value that was given: a caller who took an argument for a place for a secret must not find it in a log. */
function explain(cause: unknown, known: readonly string[]): string {
  const message = cause instanceof Error ? cause.message : '';
  const option = /'?(--?[a-zA-Z0-9-]+)/.exec(message)?.[1] ?? 'An option';
  if ((cause as { code?: unknown }).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
    return `${option} is used wrongly: ${message.includes('does not take') ? 'it takes no value' : 'it needs a value'}.`;
  const suggestion = closest(option.replace(/^-+/, ''), known);
  return `Unknown option ${option}.${suggestion === null ? '' : ` Did you mean --${suggestion}?`}`;
}

function checkOption(name: string, option: Option, value: Values[string]): void {
  if (value === undefined) {
    if (option.isRequired) throw new UsageError(`--${name} is missing.`);
    return;
  }
  const given = Array.isArray(value) ? value : [value];
  if (given.includes('')) throw new UsageError(`--${name} needs a value.`);
  const { choices, range } = option;
  if (choices !== undefined && !given.every((one) => choices.includes(String(one))))
    throw new UsageError(`--${name} is one of: ${choices.join(', ')}.`);
  if (option.type !== 'integer') return;
  const [min, max] = range ?? [0, Number.MAX_SAFE_INTEGER];
  const isWithin = (one: unknown) =>
    /^[0-9]{1,16}$/.test(String(one)) && Number(one) >= min && Number(one) <= max;
  if (!given.every(isWithin)) throw new UsageError(`--${name} is an integer from ${min} to ${max}.`);
}

function names(positionals: readonly { readonly name: string }[]): string {
  return positionals.map(({ name }) => name).join(' and ');
}
