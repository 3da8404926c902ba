// TRUST BOUNDARY: every message of the parent enters here.
import { errorAnswer } from '@strongroom/shared/api/error-response';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { type ErrorCode, isClientErrorCode } from '@strongroom/shared/error-code';
import { OPERATIONS, type RegisteredOperation } from '@strongroom/shared/operations/registry';
import type { CborValue } from '@strongroom/shared/wire/cbor';
import type { Refusal, RequestEnvelope, ResponseEnvelope } from '@strongroom/shared/wire/envelope';
import { WireError } from '@strongroom/shared/wire/wire-error';
import * as v from 'valibot';
import type { Lifecycle } from './boot/lifecycle.ts';
import { ALLOWED_PHASES } from './boot/phase-table.ts';
import { EvmError } from './evm/evm-error.ts';
import { LIFECYCLE_HANDLERS, READY_HANDLERS } from './operations/handlers.ts';
import type { ReadyService } from './ready-service.ts';
import { SolanaError } from './solana/solana-error.ts';

const BY_NAME: ReadonlyMap<string, RegisteredOperation> = new Map(
  OPERATIONS.map((operation) => [operation.name, operation]),
);

export interface DispatchOptions {
  readonly lifecycle: Lifecycle;
  /** Makes the service of a ready enclave; asked for once. */
  readonly createService: () => ReadyService;
  /** Told of failures that no code describes. The error must not leave the enclave. */
  readonly onInternalError: (operation: string, error: unknown) => void;
}

type AnyHandler = (request: never, context: never) => unknown;

/** Decides and answers one request; never throws. The only place that catches whatever an operation may throw. */
export function createDispatch({ lifecycle, createService, onInternalError }: DispatchOptions) {
  let service: ReadyService | null = null;

  async function answer(contract: RegisteredOperation, body: CborValue): Promise<CborValue> {
    if (!ALLOWED_PHASES[contract.name].includes(lifecycle.phase)) throw new OperationError('PHASE_REFUSED');
    const request = v.safeParse(contract.request as v.GenericSchema, body);
    if (!request.success) throw new OperationError('INVALID_MESSAGE');
    if (contract.name in LIFECYCLE_HANDLERS) {
      const handler = LIFECYCLE_HANDLERS[contract.name as keyof typeof LIFECYCLE_HANDLERS] as AnyHandler;
      return (await handler(request.output as never, lifecycle as never)) as CborValue;
    }
    service ??= createService();
    const handler = READY_HANDLERS[contract.name as keyof typeof READY_HANDLERS] as AnyHandler;
    return (await handler(request.output as never, service as never)) as CborValue;
  }

  return async ({ id, op, body }: RequestEnvelope): Promise<ResponseEnvelope> => {
    const contract = BY_NAME.get(op);
    if (contract === undefined) return { id, err: { code: 'UNKNOWN_OPERATION' } };
    try {
      return { id, ok: await answer(contract, body) };
    } catch (error) {
      const { code, message } = describe(error);
      if (code === 'INTERNAL') onInternalError(op, error);
      return { id, err: refusal(code, message) };
    }
  };
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
