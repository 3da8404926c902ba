import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Open descriptors of this process that are sockets. */
export function openSockets(pid: number | 'self' = 'self'): number {
  const dir = `/proc/${pid}/fd`;
  let sockets = 0;
  for (const name of readdirSync(dir)) {
    try {
      if (readlinkSync(`${dir}/${name}`).startsWith('socket:')) sockets++;
    } catch {
      // The descriptor that read the folder itself.
    }
  }
  return sockets;
}

export function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

/** Resident memory in MB. */
export function residentMb(): number {
  const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]);
  return (pages * 4096) / 1e6;
}

/** Waits until `condition` holds. @throws Error naming `what` after `timeoutMs` */
export async function until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** @throws Error with `what` unless the condition holds */
export function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
