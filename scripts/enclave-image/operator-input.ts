import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../../enclave-app/src/config.ts';

/** A file that an operator named and that is not what it should be; the message is for people. */
export class InputError extends Error {}

/** @throws InputError */
export function readInput(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new InputError(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`, { cause });
  }
}

/** Runs a tool of the operator; what is wrong with its input is told in one line, and ends it with exit code 1. */
export async function withInputErrors(run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof InputError || error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
