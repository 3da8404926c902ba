import type { Command, Option, Role } from './command.ts';
import { EXIT_CODES } from './exit-code.ts';
import { optionsOf } from './parse.ts';

const ROLES: readonly (readonly [Role, string])[] = [
  ['owner', 'For the owner of a project, on his own machine'],
  ['operator', "For the operator of a deployment, on the parent instance with the proxy's settings"],
  ['anyone', 'For anybody'],
];

/** What `strongroom` shows without words: every command, by role. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const groups = ROLES.map(([role, title]) => {
    const ofRole = commands.filter((command) => command.role === role);
    return [`${title}:`, ...ofRole.map((command) => `  ${summaryLine(command, width)}`)].join('\n');
  });
  const codes = EXIT_CODES.map(([code, meaning]) => `${code} ${meaning}`).join(', ');
  return `strongroom COMMAND [options]

${groups.join('\n\n')}

Each has --help with examples, and --json; --version names the release. Secrets are read from files, prompts and the environment, never from arguments.
Exit codes: ${codes}.
`;
}

/** The commands that begin with the same word. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `strongroom ${group} COMMAND [options]\n\n${commands.map((command) => `  ${summaryLine(command, width)}`).join('\n')}\n`;
}

/** Everything about one command. */
export function commandHelp(command: Command): string {
  const {
    name,
    summary,
    description,
    positionals = [],
    secrets = {},
    examples,
    json,
    irreversible,
  } = command;
  const options = Object.entries(optionsOf(command));
  const labels = options.map(([option, { type, placeholder }]) =>
    type === 'flag' ? `--${option}` : `--${option} ${placeholder ?? placeholderOf(type)}`,
  );
  const rows: [string, string][] = [
    ...positionals.map((positional): [string, string] => [positional.name, positional.summary]),
    ...options.map(([, option], index): [string, string] => [labels[index] ?? '', optionText(option)]),
    ...Object.entries(secrets),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const words = positionals.map((positional) => ` ${positional.name}`).join('');
  return `strongroom ${name}${words} [options]

${capitalised(summary)}. ${description}${irreversible === undefined ? '' : `\nAsks first: ${irreversible}`}

${rows.map(([label, meaning]) => `  ${label.padEnd(width)}  ${meaning}`).join('\n')}

--json prints ${json}

${examples.length === 1 ? 'Example' : 'Examples'}:
${examples.map((example) => `  ${example}`).join('\n')}
`;
}

/** A placeholder for options that name none. */
export function placeholderOf(type: Option['type']): string {
  return { text: 'TEXT', integer: 'N', file: 'FILE', flag: '' }[type];
}

/** An option's line: what it is for, and how else it is given. */
export function optionText({ summary, isRequired, isRepeatable, choices, environment }: Option): string {
  const notes = [
    isRequired ? 'required' : null,
    isRepeatable ? 'repeatable' : null,
    choices === undefined ? null : `one of ${choices.join(', ')}`,
    environment === undefined ? null : `or ${environment}`,
  ].filter((note) => note !== null);
  return notes.length === 0 ? summary : `${summary} (${notes.join('; ')})`;
}

function summaryLine({ name, summary }: Command, width: number): string {
  return `${name.padEnd(width)}  ${summary}`;
}

function capitalised(sentence: string): string {
  return `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`;
}
