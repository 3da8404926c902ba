// A machine ends with the process that started it, however that ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../../shared/test/vsock/process-state.ts';
import { scratchDir } from '../machine.ts';

const starter = (logFile: string) => `
  import { startProcess } from ${JSON.stringify(new URL('../process.ts', import.meta.url).href)};
  const machine = startProcess(['sleep', '600'], ${JSON.stringify(logFile)});
  console.log(machine.process.pid);
  setInterval(() => undefined, 1000);
`;

/** False for a process that has ended, even where nobody has collected it. */
function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

describe('a machine', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'is gone after %s to whoever started it',
    async (signal) => {
      using dir = scratchDir();
      const argument = starter(join(dir.path, 'machine.log'));
      const test = spawn(
        process.execPath,
        ['--conditions=source', '--input-type=module-typescript', '-e', argument],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const [line] = (await once(test.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      expect(isAlive(pid)).toBe(true);
      const ended = once(test, 'exit');
      test.kill(signal);
      await ended;
      await until('the end of the machine', () => !isAlive(pid), 5000);
    },
  );
});
