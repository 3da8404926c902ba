import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { childEnvironment } from './child-environment.ts';

/** A process of the twin: it was told its options in its first message and said on which port it listens. */
export interface Child {
  readonly process: ChildProcess;
  readonly port: number;
  /** Where it serves metrics, if it does. */
  readonly metricsPort?: number | null;
  /** Asks it to end and waits; a process that does not is killed after five seconds. */
  stop(): Promise<void>;
  /** SIGKILL: what a crash looks like. */
  kill(): Promise<void>;
}

/** How a child tells its parent that it is up. */
export interface Listening {
  readonly listening: number;
  readonly metricsPort: number | null;
}

/** How a child tells its parent that it ends instead: by a code. */
interface NotStarted {
  readonly notStarted: string;
}

/** A child that said why it could not start. */
export class ChildError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`a process of the twin could not start: ${code}`);
    this.name = 'ChildError';
    this.code = code;
  }
}

/** Starts a TypeScript entry as a process of its own, with nothing of this environment that could change it. */
export async function startChild(
  entry: URL,
  options: unknown,
  execArgv: readonly string[] = [],
): Promise<Child> {
  const child = fork(entry, {
    execArgv: ['--conditions=source', ...execArgv],
    serialization: 'advanced',
    env: childEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(options as object);
  const [answer] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${entry.pathname.split('/').at(-1)} ended with code ${code} before it was up`);
    }),
  ])) as [Listening | NotStarted];
  if ('notStarted' in answer) throw new ChildError(answer.notStarted);
  return {
    process: child,
    port: answer.listening,
    metricsPort: answer.metricsPort,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(impatience);
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** In a child: waits for the options that its parent sends first. */
export async function receiveOptions<T>(): Promise<T> {
  const [options] = (await once(process, 'message')) as [T];
  return options;
}

/** In a child: says why it does not start, and ends. */
export async function giveUp(code: string): Promise<never> {
  await new Promise((resolve) => process.send?.({ notStarted: code } satisfies NotStarted, resolve));
  process.exit(1);
}

/** In a child: says that it is up; ends with its parent, so that no process of the twin is left behind. */
export function announce(port: number, metricsPort: number | null = null): void {
  process.send?.({ listening: port, metricsPort } satisfies Listening);
  process.on('disconnect', () => process.exit(0));
}
