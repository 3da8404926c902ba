import type { Command, Option } from './command.ts';
import { optionsOf } from './parse.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that completes commands, options, their choices and files. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

/** What can follow the words typed so far: of the empty text, the first words; of a group, its second ones; of a command, its options. */
function continuations(commands: readonly Command[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const add = (words: string, next: string) => found.set(words, (found.get(words) ?? new Set()).add(next));
  for (const command of commands) {
    const words = command.name.split(' ');
    for (const [index, word] of words.entries()) add(words.slice(0, index).join(' '), word);
    for (const option of Object.keys(optionsOf(command))) add(command.name, `--${option}`);
  }
  return new Map([...found].map(([words, next]) => [words, [...next].sort()]));
}

function optionsWith(
  commands: readonly Command[],
  holds: (option: Option) => boolean,
): ReadonlyMap<string, Option> {
  const all = commands.flatMap((command) => Object.entries(optionsOf(command)));
  return new Map(all.filter(([, option]) => holds(option)));
}

function bashScript(commands: readonly Command[]): string {
  const files = [...optionsWith(commands, ({ type }) => type === 'file').keys()];
  const choices = [...optionsWith(commands, ({ choices }) => choices !== undefined)];
  const cases = [...continuations(commands)].map(
    ([words, next]) => `    '${words}') next='${next.join(' ')}' ;;`,
  );
  return `# strongroom: completion for bash. Load it with: source <(strongroom completion bash)
_strongroom() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words='' next='' word
  case "$previous" in
    ${files.map((name) => `--${name}`).join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${choices.map(([name, option]) => `    --${name}) COMPREPLY=($(compgen -W '${option.choices?.join(' ')}' -- "$current")); return ;;`).join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    words="$words\${words:+ }$word"
  done
  while :; do
    case "$words" in
${cases.map((line) => `  ${line}`).join('\n')}
      *' '*) words="\${words% *}"; continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$next" -- "$current"))
}
complete -F _strongroom strongroom
`;
}

function zshScript(commands: readonly Command[]): string {
  const files = [...optionsWith(commands, ({ type }) => type === 'file').keys()];
  const choices = [...optionsWith(commands, ({ choices }) => choices !== undefined)];
  const cases = [...continuations(commands)].map(
    ([words, next]) => `      '${words}') next=(${next.join(' ')}) ;;`,
  );
  return `#compdef strongroom
# strongroom: completion for zsh. Load it with: source <(strongroom completion zsh)
_strongroom() {
  local typed='' word
  local -a next
  case "\${words[CURRENT-1]}" in
    ${files.map((name) => `--${name}`).join('|')}) _files; return ;;
${choices.map(([name, option]) => `    --${name}) compadd -- ${option.choices?.join(' ')}; return ;;`).join('\n')}
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && break
    typed="$typed\${typed:+ }$word"
  done
  while :; do
    case "$typed" in
${cases.join('\n')}
      *' '*) typed="\${typed% *}"; continue ;;
    esac
    break
  done
  compadd -- $next
}
compdef _strongroom strongroom
`;
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const words = command.name.split(' ');
    const below = words
      .map(
        (word, index) =>
          `${index === 0 ? 'not ' : ''}__fish_seen_subcommand_from ${words[index - 1] ?? word}`,
      )
      .map((seen, index) => `complete -c strongroom -f -n '${seen}' -a ${words[index]}`);
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const options = Object.entries(optionsOf(command)).map(
      ([name, option]) => `complete -c strongroom -n '${seen}' -l ${name}${fishValue(option)}`,
    );
    return [...below, ...options];
  });
  return `# strongroom: completion for fish. Load it with: strongroom completion fish | source\n${[...new Set(lines)].join('\n')}\n`;
}

function fishValue({ type, choices }: Option): string {
  if (choices !== undefined) return ` -x -a '${choices.join(' ')}'`;
  if (type === 'file') return ' -r -F';
  return type === 'flag' ? ' -f' : ' -x';
}
