import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedSystemIsUp } from './logged-system-process.ts';

/** A line of the log. */
export interface Refusal {
  readonly correlationId: string;
  readonly code: string;
  /** A code that says more than the client was told. */
  readonly reason?: string;
}

export interface LoggedSystem extends AsyncDisposable, LoggedSystemIsUp {
  /** All that proxy and enclave have written so far, at the most talkative level. */
  readonly log: string;
  /** Waits for the line of the log on a request that was refused or failed: the one so named, or the next that nobody waited for. */
  refusal(correlationId: string | undefined): Promise<Refusal>;
  kmsRequests(): Promise<Readonly<Record<string, number>>>;
}

const REFUSAL = /^\{.*"event":"(?:request-refused|request-failed|internal-error)".*\}$/gm;
const WAIT_MS = 5000;

/** A system of processes whose output is kept. */
export async function startLoggedSystem(): Promise<LoggedSystem> {
  const host = fork(new URL('./logged-system-process.ts', import.meta.url), {
    execArgv: ['--conditions=source'],
    serialization: 'advanced',
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
  return {
    ...up[0],
    get log() {
      return log;
    },
    async refusal(correlationId) {
      const deadline = Date.now() + WAIT_MS;
      for (;;) {
        const lines = (log.match(REFUSAL) ?? []).map((line) => JSON.parse(line) as Refusal);
        const isWanted = (line: Refusal, index: number) =>
          correlationId === undefined ? index >= refusalsRead : line.correlationId === correlationId;
        const found = lines.findIndex(isWanted);
        if (found >= 0) {
          refusalsRead = found + 1;
          return lines[found] as Refusal;
        }
        if (Date.now() > deadline) throw new Error('the log tells of no refusal');
        await sleep(2);
      }
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
