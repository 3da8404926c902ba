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
  const known = continuations(commands);
  const words = [...known].flatMap(([typed, next]) => {
    const below = next.filter((word) => !word.startsWith('--'));
    return below.length === 0
      ? []
      : [`complete -c strongroom -n '__strongroom_at "${typed}"' -a '${below.join(' ')}'`];
  });
  const options = commands.flatMap((command) =>
    Object.entries(optionsOf(command)).map(
      ([name, option]) =>
        `complete -c strongroom -n '__strongroom_at "${command.name}"' -l ${name}${fishValue(option)}`,
    ),
  );
  return `# strongroom: completion for fish. Load it with: strongroom completion fish | source
function __strongroom_at
  set -l words (commandline -opc)
  set -e words[1]
  set -l typed
  for word in $words
    string match -q -- '-*' $word; and break
    set -a typed $word
  end
  set typed (string join ' ' -- $typed)
  while not contains -- "$typed" ${[...known.keys()].map((typed) => `'${typed}'`).join(' ')}
    string match -q -- '* *' "$typed"; or break
    set typed (string replace -r ' [^ ]*$' '' -- "$typed")
  end
  test "$typed" = "$argv[1]"
end
complete -c strongroom -f
${[...words, ...options].join('\n')}
`;
}

function fishValue({ type, choices }: Option): string {
  if (choices !== undefined) return ` -x -a '${choices.join(' ')}'`;
  if (type === 'file') return ' -r -F';
  return type === 'flag' ? ' -f' : ' -x';
}
