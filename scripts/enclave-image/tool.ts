import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError, parseConfiguration } from '../../enclave-app/src/config.ts';

/** What the operator can mend; told in words, without a stack. */
export class ToolError extends Error {
  /** 2 for what was given, 1 for a step that failed. */
  readonly exitCode: 1 | 2;
  constructor(exitCode: 1 | 2, message: string) {
    super(message);
    this.name = 'ToolError';
    this.exitCode = exitCode;
  }
}

/** Runs one of the image's tools to its end, or to the words and exit code of its ToolError. */
export async function runTool(tool: () => void | Promise<void>): Promise<void> {
  try {
    await tool();
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  }
}

/** @throws ToolError naming the file and the errno */
export function readInput(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ToolError(2, `${file} cannot be read: ${(cause as NodeJS.ErrnoException).code}`);
  }
}

/**
 * Takes the deployment's configuration as the enclave would.
 * @param file what followed CONFIG=
 * @returns its path and bytes
 * @throws ToolError when there is none, or the enclave would refuse it
 */
export function readConfiguration(
  file: string | undefined,
  usage: string,
): { readonly path: string; readonly bytes: Uint8Array } {
  if (!file) throw new ToolError(2, `usage: ${usage}`);
  const bytes = readInput(file);
  try {
    parseConfiguration(bytes);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ToolError(2, `${file}: ${error.message}`);
  }
  return { path: resolve(file), bytes };
}

export interface Execution {
  readonly cwd?: string;
  /** Beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** `shown` where there is progress to see, `told` as a part of the error. */
  readonly errors: 'shown' | 'told';
}

/**
 * Runs a program to its end.
 * @returns its standard output
 * @throws ToolError when it is not there or fails
 */
export function execute(program: string, args: readonly string[], { cwd, env, errors }: Execution): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...(cwd !== undefined && { cwd }),
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', errors === 'shown' ? 'inherit' : 'pipe'],
  });
  if (error) throw new ToolError(1, `${program} cannot be started: ${(error as NodeJS.ErrnoException).code}`);
  if (status !== 0) {
    const said = `${stdout}${stderr ?? ''}`.slice(-4000);
    throw new ToolError(1, `${program} ${args[0]} failed with ${status}\n${said}`);
  }
  return stdout;
}
