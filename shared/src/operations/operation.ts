import type * as v from 'valibot';
import type { ErrorCode } from '../error-code.ts';

/** Schema of a message body: a strict object, so that unknown fields are refused. */
export type MessageSchema = v.GenericSchema<unknown, Record<string, unknown>>;

/**
 * The contract of one operation between parent and enclave. The object that types the caller is the one that the enclave dispatches on.
 */
export interface Operation<
  Name extends string = string,
  Request extends MessageSchema = MessageSchema,
  Response extends MessageSchema = MessageSchema,
> {
  readonly name: Name;
  readonly request: Request;
  readonly response: Response;
  /** Codes that this operation adds to those of wire, envelope and phase. */
  readonly errors: readonly ErrorCode[];
  /** `repeatable`: calling again with the same request is harmless. `once`: it creates or changes something. */
  readonly mode: 'repeatable' | 'once';
}

/** What the caller gives: fields with a default may be left out. */
export type RequestOf<O extends Operation> = v.InferInput<O['request']>;
/** What the handler gets. */
export type ParsedRequestOf<O extends Operation> = v.InferOutput<O['request']>;
export type ResponseOf<O extends Operation> = v.InferOutput<O['response']>;

/** Declares an operation; the types of its schemas become the types of both ends. */
export function defineOperation<
  Name extends string,
  Request extends MessageSchema,
  Response extends MessageSchema,
>(operation: Operation<Name, Request, Response>): Operation<Name, Request, Response> {
  return operation;
}
