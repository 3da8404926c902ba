import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedSystemIsUp } from './logged-system-process.ts';

export interface LoggedSystem extends AsyncDisposable, LoggedSystemIsUp {
  /** All that proxy and enclave have written so far, at the most talkative level. */
  readonly log: string;
  /** Waits for the next line of the log that nobody has waited for, of requests that were refused or failed. */
  nextRefusal(): Promise<{ readonly event: string; readonly code: string; readonly reason?: string }>;
  kmsRequests(): Promise<Readonly<Record<string, number>>>;
}

const REFUSAL = /^\{.*"event":"(?:request-refused|request-failed|internal-error)".*\}$/gm;
const WAIT_MS = 5000;

/** A system of processes whose output is kept. */
export async function startLoggedSystem(): Promise<LoggedSystem> {
  const host = fork(new URL('./logged-system-process.ts', import.meta.url), {
    execArgv: ['--conditions=source'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  let refusalsRead = 0;
  for (const output of [host.stdout, host.stderr]) {
    output?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const ended = once(host, 'exit');
  const up = (await Promise.race([
    once(host, 'message'),
    ended.then(() => Promise.reject(new Error(`the system did not start: ${log}`))),
  ])) as [LoggedSystemIsUp];
  const refusals = () => log.match(REFUSAL) ?? [];
  return {
    ...up[0],
    get log() {
      return log;
    },
    async nextRefusal() {
      const deadline = Date.now() + WAIT_MS;
      while (refusals().length <= refusalsRead) {
        if (Date.now() > deadline) throw new Error('nothing was refused');
        await sleep(2);
      }
      refusalsRead += 1;
      return JSON.parse(refusals()[refusalsRead - 1] as string);
    },
    async kmsRequests() {
      const answered = once(host, 'message') as Promise<[Record<string, number>]>;
      host.send({});
      const [requests] = await answered;
      return requests;
    },
    async [Symbol.asyncDispose]() {
      host.disconnect();
      await ended;
    },
  };
}
