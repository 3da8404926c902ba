import type { Command } from '../framework/command.ts';
import { completionScript, SHELLS } from '../framework/completion.ts';
import { UsageError } from '../framework/usage-error.ts';

/** Of a table that it is part of itself, hence a function of it. */
export function completionOf(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    role: 'anyone',
    summary: 'print a script that completes commands, options and files in your shell',
    description: 'Load it in the settings of your shell.',
    positionals: [{ name: 'SHELL', summary: SHELLS.join(', ') }],
    options: {},
    examples: [
      'source <(strongroom completion bash)',
      'source <(strongroom completion zsh)',
      'strongroom completion fish | source',
    ],
    json: '{ shell, script }',

    async run({ positionals: [name] }) {
      const shell = SHELLS.find((known) => known === name);
      if (shell === undefined) throw new UsageError(`SHELL is one of: ${SHELLS.join(', ')}.`);
      const script = completionScript(shell, commands());
      return { text: script, json: { shell, script } };
    },
  };
}
