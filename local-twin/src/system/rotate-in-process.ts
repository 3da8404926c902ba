import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { RotationProgress } from '../../../parent-proxy/src/rotation/rotation-progress.ts';
import { childEnvironment } from './child-environment.ts';
import type { OperatorMessage, OperatorProcessOptions } from './operator-process.ts';

/** A rotation in a process of its own. */
export interface RunningRotation {
  /** The deployment's certificate; null when the process was killed. @throws Error with the code of a refusal */
  readonly outcome: Promise<Uint8Array | null>;
  /** With SIGKILL, if nothing else is said. */
  kill(signal?: NodeJS.Signals): void;
}

/** Runs `strongroom rotate root-key` as the twin's operator would. */
export function startRotation(
  options: OperatorProcessOptions,
  onProgress: (progress: RotationProgress, cpuUs: number) => void = () => undefined,
  execArgv: readonly string[] = [],
): RunningRotation {
  const child = fork(new URL('./operator-process.ts', import.meta.url), {
    execArgv: ['--conditions=source', ...execArgv],
    serialization: 'advanced',
    env: childEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let certificate: Uint8Array | null = null;
  let failure: string | null = null;
  child.on('message', (message: OperatorMessage) => {
    if (message.kind === 'progress') onProgress(message.progress, message.cpuUs);
    else if (message.kind === 'done') certificate = message.certificate;
    else failure = message.code;
  });
  child.send(options);
  const outcome = once(child, 'close').then(() => {
    if (failure !== null) throw new Error(failure);
    return certificate;
  });
  return { outcome, kill: (signal = 'SIGKILL') => void child.kill(signal) };
}
