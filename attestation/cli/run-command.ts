import { EifError } from '../eif/eif-error.ts';
import { AttestationError } from '../src/attestation-error.ts';
import { runEif, runPcrs } from './eif-command.ts';
import { ServiceError } from './evidence.ts';
import { runInspect } from './inspect-command.ts';
import { USAGE, UsageError } from './usage.ts';
import { type Outcome, runVerify } from './verify-command.ts';

/** Runs one command line, without the program's name. Never throws: what goes wrong is an outcome too. */
export async function runCommand(args: readonly string[]): Promise<Outcome> {
  try {
    return await run(args);
  } catch (error) {
    return refusal(error, args.includes('--json'));
  }
}

function run([command, ...args]: readonly string[]): Promise<Outcome> {
  switch (command) {
    case 'verify':
      return runVerify(args);
    case 'inspect':
      return runInspect(args);
    case 'pcrs':
      return runPcrs(args);
    case 'eif':
      return runEif(args);
    case 'help':
    case '--help':
    case '-h':
      return Promise.resolve({ exitCode: 0, json: { usage: USAGE }, text: USAGE, isJson: false });
    default:
      throw new UsageError(command === undefined ? 'A command is needed.' : 'There is no such command.');
  }
}

/** Makes an outcome of an error; anything unexpected ends as a rejection without detail, never as acceptance. */
function refusal(error: unknown, isJson: boolean): Outcome {
  if (error instanceof UsageError) {
    const json = { accepted: false, code: 'USAGE', reason: error.message };
    return { exitCode: 2, json, text: `${error.message}\n\n${USAGE}`, isJson };
  }
  if (isFileSystemError(error)) {
    const reason = `${error.syscall ?? 'access'} failed with ${error.code} (${error.path ?? 'no path'}).`;
    return { exitCode: 2, json: { accepted: false, code: 'FILE_SYSTEM', reason }, text: reason, isJson };
  }
  const isTyped =
    error instanceof AttestationError || error instanceof EifError || error instanceof ServiceError;
  const code = isTyped ? error.code : 'INTERNAL';
  const reason = isTyped ? error.message : 'Something unexpected happened.';
  const json = { accepted: false, code, reason };
  // A policy that would not protect, and a file that is not there, are the caller's mistakes and not the document's.
  const isCallers = code.startsWith('POLICY_') || code === 'EIF_UNREADABLE' || code === 'EIF_INPUT';
  const hint = code === 'INPUT_IS_TEXT' ? ' --base64 decodes it first.' : '';
  return { exitCode: isCallers ? 2 : 1, json, text: `REJECTED: ${reason}${hint} [${code}]`, isJson };
}

function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
