import { once } from 'node:events';
import { type Child, startChild } from '../system/child.ts';
import type {
  LoadAnswer,
  LoadCommandName,
  LoadCommandOf,
  LoadCommands,
  LoadProcessOptions,
} from './load-process.ts';

/** The load process, driven from here one command at a time. */
export interface LoadGenerator extends AsyncDisposable {
  /** @throws Error when a request was refused, or the process ended */
  run<Name extends LoadCommandName>(command: LoadCommandOf<Name>): Promise<LoadCommands[Name]['answer']>;
}

export async function startLoadGenerator(options: LoadProcessOptions): Promise<LoadGenerator> {
  const child = await startChild(new URL('./load-process.ts', import.meta.url), options);
  return {
    run: (command) => ask(child, command),
    [Symbol.asyncDispose]: () => child.stop(),
  };
}

async function ask<Name extends LoadCommandName>(
  { process: child }: Child,
  command: LoadCommandOf<Name>,
): Promise<LoadCommands[Name]['answer']> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    const answered = Promise.race([
      once(child, 'message', { signal }) as Promise<[LoadAnswer]>,
      once(child, 'exit', { signal }).then(() => {
        throw new Error('the load generator ended');
      }),
    ]);
    child.send(command);
    const [answer] = await answered;
    if ('failure' in answer) throw new Error(answer.failure);
    return answer.ok as LoadCommands[Name]['answer'];
  } finally {
    listening.abort();
  }
}
