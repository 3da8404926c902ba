import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time of another process since it started, in microseconds: all its threads, so garbage collection and the thread pool count.
 * From /proc/<pid>/task/<tid>/schedstat, whose nanoseconds show what a batch of 0.1 s costs; the ticks of /proc/<pid>/stat do not.
 * A thread that is running counts up to its last tick only; read it while the process waits.
 * @throws Error where there is no such file: on anything but Linux
 */
export function cpuUsOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
  }
  return nanoseconds / 1000;
}

/** Resident memory of a process, in MiB. */
export function residentMiBOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kib === undefined) throw new Error('the process has no resident memory');
  return Number(kib) / 1024;
}
