import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ServiceErrorCode } from '@strongroom/shared/error-code';

/** Names of KMS's refusals that a retry cannot mend; everything else counts as not reached. */
const DENIALS: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'DisabledException',
  'ExpiredTokenException',
  'IncorrectKeyException',
  'InvalidCiphertextException',
  'InvalidGrantTokenException',
  'InvalidSignatureException',
  'KMSInvalidStateException',
  'NotFoundException',
  'UnrecognizedClientException',
  'ValidationException',
]);

/** Translates what the AWS SDK throws into a code that an operator can act on; the SDK's text stays inside. */
export function translateKmsError(cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  const name = cause instanceof Error ? cause.name : '';
  const code: ServiceErrorCode = DENIALS.has(name) ? 'KMS_DENIED' : 'KMS_UNREACHABLE';
  return new OperationError(code, { cause });
}
