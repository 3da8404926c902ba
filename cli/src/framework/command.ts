import type { Progress } from './progress.ts';
import type { Values } from './values.ts';

/** One option of a command. Its value is never a secret: those come from files, prompts and the environment. */
export interface Option {
  readonly type: 'text' | 'integer' | 'flag' | 'file';
  readonly summary: string;
  /** What stands for the value in the help, for example HEX. */
  readonly placeholder?: string;
  readonly isRequired?: boolean;
  /** May be given more than once. */
  readonly isRepeatable?: boolean;
  /** The values that it takes; others are refused. */
  readonly choices?: readonly string[];
  /** Bounds of an integer, both included. */
  readonly range?: readonly [min: number, max: number];
  /** Environment variable that stands for it when it is left out; of one that is repeatable, with spaces between the values. */
  readonly environment?: string;
}

export type Options = Readonly<Record<string, Option>>;

/** A word after the command's name. */
export interface Positional {
  readonly name: string;
  readonly summary: string;
}

/** Who runs a command: who owns a project, who operates a deployment, or anybody. */
export type Role = 'owner' | 'operator' | 'anyone';

/** One command, from which parsing, help, completion and documentation are made. */
export interface Command {
  /** Its words, for example "project create". */
  readonly name: string;
  readonly role: Role;
  /** One line without a full stop. */
  readonly summary: string;
  /** What has to be known before it is run. */
  readonly description: string;
  readonly positionals?: readonly Positional[];
  readonly options: Options;
  /** Environment variables with secrets that it reads, and what each is. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Each begins with "strongroom". */
  readonly examples: readonly [string, ...string[]];
  /** The shape of what `--json` prints. */
  readonly json: string;
  /** What cannot be undone, as the question that is asked first; `--yes` answers it. */
  readonly irreversible?: string;
  readonly run: (invocation: Invocation) => Promise<CommandResult>;
}

/** What a command is run with. */
export interface Invocation {
  readonly values: Values;
  readonly positionals: readonly string[];
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Shows how far long work is; at most as often as is good to read. */
  readonly progress: (progress: Progress) => void;
  /** Asks at the terminal without showing what is typed. @throws UsageError when there is none */
  readonly askSecret: (question: string, insteadUse: string) => Promise<string>;
  readonly platform: Platform;
}

/** What differs between an installation and the twin. */
export interface Platform {
  /** The enclave's connection and the stores, by the proxy's own settings. */
  readonly openDeployment: (
    environment: Readonly<NodeJS.ProcessEnv>,
  ) => Promise<import('@strongroom/parent-proxy/operator/deployment').Deployment>;
  /** Where the proxy's databases are, without opening them. */
  readonly storeLocation: (
    environment: Readonly<NodeJS.ProcessEnv>,
  ) => Promise<import('@strongroom/parent-proxy/operator/deployment').StoreLocation>;
}

/** What is printed: for people as text, for programs as JSON. */
export interface CommandResult {
  readonly text: string;
  readonly json: unknown;
}
