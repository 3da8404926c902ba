import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { childEnvironment } from '../../src/system/child-environment.ts';

export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` printed: of a refusal, on stderr. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly json: any;
}

const MAIN = join(import.meta.dirname, '../../../cli/src/main.ts');
const OPERATOR_MAIN = join(import.meta.dirname, '../../src/system/operator-command.ts');

/** Runs `strongroom` as a process of its own, with `--json`, no terminal and nothing of this environment but PATH. */
export function runStrongroom(...words: readonly string[]): Promise<CommandOutcome> {
  return run(MAIN, [...words, '--json'], {});
}

/** Where a deployment is: the folder above its databases, and its enclave. */
type Place = { readonly home: string; readonly enclave: { readonly port: number } };

/** Runs an operator's command beside the proxy of a twin. */
export function runOperator(system: Place, ...words: readonly string[]): Promise<CommandOutcome> {
  const settings = {
    STRONGROOM_DATA_DIR: join(system.home, 'data'),
    STRONGROOM_ENCLAVE_PORT: `${system.enclave.port}`,
  };
  return run(OPERATOR_MAIN, [...words, '--json'], settings);
}

/** Runs `strongroom` for people: without `--json`. */
export function runForPeople(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandOutcome> {
  return run(MAIN, words, environment);
}

type Answer = (asked: string) => Promise<string>;

/** As `runStrongroom`, with somebody who answers what is asked on stderr, once; a test's own failure ends the command. */
export function answerStrongroom(words: readonly string[], answerTo: Answer | null): Promise<CommandOutcome> {
  return run(MAIN, [...words, '--json'], {}, answerTo);
}

function run(
  main: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  answerTo: Answer | null = null,
): Promise<CommandOutcome> {
  const args = ['--conditions=source', '--no-warnings', main, ...words];
  return new Promise((resolve) => {
    const options = { env: { ...childEnvironment(), ...environment }, timeout: 30_000 };
    const child = execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? -1);
      resolve({ exitCode, stdout, stderr, json: jsonOrNull(exitCode === 0 ? stdout : stderr) });
    });
    if (answerTo === null) child.stdin?.end();
    let asked = '';
    child.stderr?.on('data', (chunk: string) => {
      const wasAsked = asked.endsWith('> ');
      asked += chunk;
      if (wasAsked || answerTo === null || !asked.endsWith('> ')) return;
      answerTo(asked).then(
        (answer) => child.stdin?.end(`${answer}\n`),
        () => child.kill(),
      );
    });
  });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
