import { RelayError } from '@strongroom/chain-relay/relay-error';
import { errorAnswer } from '@strongroom/shared/api/error-response';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { type ErrorCode, isClientErrorCode } from '@strongroom/shared/error-code';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import { RequestError } from '../request-error.ts';
import { StoreError } from '../store/store-error.ts';
import { jsonAnswer } from './json.ts';
import { describeRelayError } from './relay-error-answer.ts';
import type { Answer } from './request.ts';
import type { Services } from './services.ts';

/**
 * The answer to a request that failed, logged and counted by code. What the enclave refused leaves in the enclave's words; of what went wrong
 * inside, the client learns only whether to try again. Each has the correlation id by which the operator finds it in the log.
 */
export function answerError(
  error: unknown,
  correlationId: string,
  { audit, metrics }: Pick<Services, 'audit' | 'metrics'>,
): Answer {
  if (error instanceof OperationError && error.http !== undefined) {
    metrics.refused(error.code);
    audit.requestRefused(correlationId, error.code, undefined);
    return withCorrelationId(error.http, correlationId);
  }
  const { code, reason, message, headers = {} } = describe(error);
  metrics.refused(code);
  if (code === 'INTERNAL') audit.internalError(correlationId, error);
  else if (isClientErrorCode(code)) audit.requestRefused(correlationId, code, reason);
  else audit.requestFailed(correlationId, code, reason);
  const answer = errorAnswer(code, message, correlationId);
  // The rest of a body that is too large is not read, so the connection cannot go on.
  return { ...answer, headers: code === 'PAYLOAD_TOO_LARGE' ? { connection: 'close' } : headers };
}

/** The enclave knows no correlation ids. */
function withCorrelationId({ status, body }: HttpAnswer, correlationId: string): Answer {
  return jsonAnswer(status, { ...JSON.parse(Buffer.from(body).toString()), correlationId });
}

interface Description {
  readonly code: ErrorCode;
  /** A code of ours that says more than the client is told. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

function describe(error: unknown): Description {
  if (error instanceof RequestError) {
    const { cause } = error;
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    return { code: error.code, reason, message: error.clientMessage, headers: error.headers };
  }
  if (error instanceof StoreError) return { code: 'STORE_UNAVAILABLE', reason: error.code };
  if (error instanceof OperationError) return { code: error.code };
  if (error instanceof RelayError) return describeRelayError(error);
  return { code: 'INTERNAL' };
}
