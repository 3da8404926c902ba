import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** File that receives both output streams; without it standard output is returned. */
  readonly logFile?: string;
}

/**
 * Runs a program to its end and returns its standard output.
 * @throws Error with the last lines of output when it fails or exceeds `timeoutMs` (default 10 minutes)
 */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const log = options.logFile === undefined ? null : openSync(options.logFile, 'a');
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', log ?? 'pipe', log ?? 'pipe'],
    timeout: options.timeoutMs ?? 600_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === 0) return stdout;
    const output = options.logFile === undefined ? stdout + stderr : readFileSync(options.logFile, 'utf8');
    throw new Error(`${program} ${args[0] ?? ''} ended with ${code}:\n${output.slice(-2000)}`);
  } finally {
    if (log !== null) closeSync(log);
  }
}
