// TRUST BOUNDARY: every message of the parent enters here.
import { errorAnswer } from '@strongroom/shared/api/error-response';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { type ErrorCode, isClientErrorCode } from '@strongroom/shared/error-code';
import {
  OPERATIONS,
  type OperationName,
  type RegisteredOperation,
} from '@strongroom/shared/operations/registry';
import type { CborValue } from '@strongroom/shared/wire/cbor';
import type { Refusal, RequestEnvelope, ResponseEnvelope } from '@strongroom/shared/wire/envelope';
import { WireError } from '@strongroom/shared/wire/wire-error';
import * as v from 'valibot';
import type { Lifecycle } from './boot/lifecycle.ts';
import { ALLOWED_PHASES } from './boot/phase-table.ts';
import { EvmError } from './evm/evm-error.ts';
import { LIFECYCLE_HANDLERS, READY_HANDLERS, TELEMETRY_HANDLERS } from './operations/handlers.ts';
import type { ReadyService } from './ready-service.ts';
import { SolanaError } from './solana/solana-error.ts';
import { observeRequest } from './telemetry/observed-requests.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

const BY_NAME: ReadonlyMap<string, RegisteredOperation> = new Map(
  OPERATIONS.map((operation) => [operation.name, operation]),
);

export interface DispatchOptions {
  readonly lifecycle: Lifecycle;
  readonly telemetry: Telemetry;
  /** Makes the service of a ready enclave; asked for once. */
  readonly createService: () => ReadyService;
  /** Told of failures that no code describes. The error must not leave the enclave. */
  readonly onInternalError: (operation: string, error: unknown) => void;
}

type AnyHandler = (request: never, context: never) => unknown;

/** Decides and answers one request; never throws. The only place that catches whatever an operation may throw. */
export function createDispatch({ lifecycle, telemetry, createService, onInternalError }: DispatchOptions) {
  let service: ReadyService | null = null;

  async function run(name: OperationName, request: unknown): Promise<CborValue> {
    const { handlers, context } = handlersOf(name);
    const handler = handlers[name as keyof typeof handlers] as AnyHandler;
    return (await handler(request as never, context as never)) as CborValue;
  }

  function handlersOf(name: OperationName) {
    if (name in LIFECYCLE_HANDLERS) return { handlers: LIFECYCLE_HANDLERS, context: lifecycle };
    if (name in TELEMETRY_HANDLERS) {
      return { handlers: TELEMETRY_HANDLERS, context: { lifecycle, telemetry, service } };
    }
    service ??= createService();
    return { handlers: READY_HANDLERS, context: service };
  }

  const assertAllowed = (name: OperationName) => {
    if (!ALLOWED_PHASES[name].includes(lifecycle.phase)) throw new OperationError('PHASE_REFUSED');
  };

  return async ({ id, op, body }: RequestEnvelope): Promise<ResponseEnvelope> => {
    const contract = BY_NAME.get(op);
    if (contract === undefined) {
      telemetry.counters.unknownOperations += 1;
      return { id, err: { code: 'UNKNOWN_OPERATION' } };
    }
    const { name } = contract;
    let request: unknown = null;
    try {
      assertAllowed(name);
      request = parse(contract, body);
      const ok = await run(name, request);
      // What was in work when the enclave failed does not leave it.
      if (lifecycle.phase === 'failed') assertAllowed(name);
      observeRequest(telemetry, { operation: name, outcome: 'OK', request });
      return { id, ok };
    } catch (error) {
      const { code, message } = describe(error);
      observeRequest(telemetry, { operation: name, outcome: code, request });
      if (code === 'INTERNAL') onInternalError(op, error);
      return { id, err: refusal(code, message) };
    }
  };
}

function parse(contract: RegisteredOperation, body: CborValue): unknown {
  const request = v.safeParse(contract.request as v.GenericSchema, body);
  if (!request.success) throw new OperationError('INVALID_MESSAGE');
  return request.output;
}

function describe(error: unknown): { code: ErrorCode; message: string | undefined } {
  if (error instanceof OperationError) return { code: error.code, message: error.clientMessage };
  if (error instanceof WireError) return { code: error.code, message: undefined };
  if (error instanceof EvmError) {
    const isOwnCode = error.code === 'MALFORMED_TRANSACTION' || error.code === 'INVALID_TYPED_DATA';
    return { code: isOwnCode ? error.code : 'INVALID_REQUEST', message: undefined };
  }
  if (error instanceof SolanaError) {
    return {
      code: error.code === 'MALFORMED_TRANSACTION' ? error.code : 'INVALID_REQUEST',
      message: undefined,
    };
  }
  return { code: 'INTERNAL', message: undefined };
}

/** What a client caused is answered with final bytes; what only the parent can have caused, with its code alone. */
function refusal(code: ErrorCode, message: string | undefined): Refusal {
  return isClientErrorCode(code) ? { code, http: errorAnswer(code, message) } : { code };
}
