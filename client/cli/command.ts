import type { ParseArgsOptionsConfig } from 'node:util';
import type { Values } from './options.ts';

/** One command of `strongroom`. */
export interface Command {
  /** Its words, for example "project create". */
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** Returns what is printed: for people as text, for programs as JSON. */
  run(values: Values, positionals: readonly string[]): Promise<CommandResult>;
}

export interface CommandResult {
  readonly text: string;
  readonly json: unknown;
}
