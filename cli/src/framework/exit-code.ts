import { AttestationError } from '@strongroom/attestation/attestation-error';
import { ClientError, type ClientErrorCode } from '@strongroom/client/client-error';
import { HINTS } from './hints.ts';
import { OperatorError } from './operator-error.ts';
import { OutputError } from './output.ts';
import { UsageError } from './usage-error.ts';

/** What a command ends with. */
export const EXIT_CODES = [
  [0, 'done'],
  [1, 'refused or failed'],
  [2, 'wrong usage'],
  [3, 'not verified: do not trust what answered'],
] as const;

/** Codes of a client that was shown something else than it asked for. */
const NOT_VERIFIED: readonly ClientErrorCode[] = [
  'PROJECT_MISMATCH',
  'RECORD_OLDER',
  'ACCOUNT_MISMATCH',
  'ACCOUNT_UNKNOWN',
  'EXPORTED_KEY_INVALID',
  'CERTIFICATE_MISSING',
  'RECEIPT_MISSING',
  'RECEIPT_INVALID',
  'WALLET_SECRETS_MISMATCH',
  'API_KEYS_MISMATCH',
  'RECOVERY_MISMATCH',
  'FACTORS_MISMATCH',
];

export interface Failure {
  readonly exitCode: 1 | 2 | 3;
  readonly code: string;
  /** For people; nothing secret is in it. */
  readonly message: string;
}

/** How an error is told. What nobody expected is told by its kind alone: its message may hold anything. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { exitCode: 2, code: 'USAGE', message: error.message };
  if (error instanceof OutputError) return { exitCode: 1, code: 'OUTPUT_FAILED', message: error.message };
  if (error instanceof AttestationError)
    return { exitCode: 3, code: error.code, message: hinted(error.code, error.message) };
  if (error instanceof ClientError) {
    const exitCode = NOT_VERIFIED.includes(error.code) ? 3 : 1;
    return { exitCode, code: error.code, message: hinted(error.code, error.message) };
  }
  if (error instanceof OperatorError)
    return { exitCode: error.isUnverified ? 3 : 1, code: error.code, message: error.message };
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code)) {
    const told = code === message ? code : `The command failed: ${code}.`;
    return { exitCode: 1, code, message: HINTS[code] ?? told };
  }
  return { exitCode: 1, code: 'UNEXPECTED', message: 'The command failed unexpectedly.' };
}

function hinted(code: string, message: string): string {
  return HINTS[code] === undefined ? message : `${message} ${HINTS[code]}`;
}
