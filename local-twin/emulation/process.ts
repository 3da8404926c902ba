import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A program of the rig that writes to a log file and ends with `await using`, or with the process that started it. */
export interface RigProcess extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly logFile: string;
  readonly log: () => string;
  readonly isRunning: () => boolean;
  /** Resolves when the log contains `text`. @throws Error with the end of the log when the program ends first or time runs out */
  waitForLog(text: string | RegExp, timeoutMs: number): Promise<void>;
  /** Resolves when the program has ended by itself. @throws Error with the end of the log when time runs out */
  waitForEnd(timeoutMs: number): Promise<void>;
}

const POLL_MS = 50;

/** Starts a program whose two output streams go to `logFile`. */
export function startProcess(
  command: readonly string[],
  logFile: string,
  env: NodeJS.ProcessEnv = {},
): RigProcess {
  const log = openSync(logFile, 'w');
  // The kernel kills the program when this process goes, however it goes: nothing is left behind.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  const isRunning = () => failure === null && child.exitCode === null && child.signalCode === null;
  const read = () => readFileSync(logFile, 'latin1');

  async function waitUntil(
    what: string,
    condition: () => boolean,
    needsRunning: boolean,
    timeoutMs: number,
  ): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (!condition()) {
      const ended = needsRunning && !isRunning();
      if (condition()) return;
      if (ended || performance.now() > end) {
        throw new Error(
          `${command[0]}: ${ended ? 'ended' : 'time ran out'} before ${what}; its log ends with\n${read().slice(-3000)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  return {
    process: child,
    logFile,
    log: read,
    isRunning,
    waitForLog: (text, timeoutMs) =>
      waitUntil(
        `"${text}"`,
        () => (typeof text === 'string' ? read().includes(text) : text.test(read())),
        true,
        timeoutMs,
      ),
    waitForEnd: (timeoutMs) => waitUntil('its end', () => !isRunning(), false, timeoutMs),
    [Symbol.asyncDispose]: () => endProcess(child),
  };
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
