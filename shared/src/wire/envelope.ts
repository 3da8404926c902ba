// TRUST BOUNDARY: decoded messages from the other side of the enclave's wall.
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import { WireError } from './wire-error.ts';

export const PROTOCOL_VERSION = 1;

/** `{v, id, op, body}`: one request. `id` is the caller's, 1 to 2^32-1, unique among its requests in flight. */
export interface RequestEnvelope {
  readonly id: number;
  readonly op: string;
  readonly body: CborValue;
}

/** Final bytes of an HTTP answer, made in the enclave so that nothing after it can change them. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** `{code, http?}`: a refusal. `http` is there when a client's HTTP request was refused. */
export interface Refusal {
  readonly code: string;
  readonly http?: HttpAnswer;
}

/** `{v, id, ok}` or `{v, id, err}`: one answer. Id 0 answers bytes that were not a request. */
export type ResponseEnvelope =
  | { readonly id: number; readonly ok: CborValue }
  | { readonly id: number; readonly err: Refusal };

/** Encodes a request as the payload of one frame. */
export function encodeRequest({ id, op, body }: RequestEnvelope): Uint8Array {
  return encodeCbor({ v: PROTOCOL_VERSION, id, op, body });
}

/** Encodes an answer as the payload of one frame. */
export function encodeResponse(response: ResponseEnvelope): Uint8Array {
  if ('ok' in response) return encodeCbor({ v: PROTOCOL_VERSION, id: response.id, ok: response.ok });
  const { code, http } = response.err;
  const err = http === undefined ? { code } : { code, http: { status: http.status, body: http.body } };
  return encodeCbor({ v: PROTOCOL_VERSION, id: response.id, err });
}

/** @throws WireError ENVELOPE_INVALID, or the code of broken CBOR */
export function decodeRequest(payload: Uint8Array): RequestEnvelope {
  const { v, id, op, body, ...others } = asMap(decodeCbor(payload));
  const isValid = v === PROTOCOL_VERSION && isId(id) && id > 0 && typeof op === 'string' && op.length <= 64;
  if (!isValid || body === undefined || hasKeys(others)) throw new WireError('ENVELOPE_INVALID');
  return { id, op, body };
}

/** @throws WireError ENVELOPE_INVALID, or the code of broken CBOR */
export function decodeResponse(payload: Uint8Array): ResponseEnvelope {
  const { v, id, ok, err, ...others } = asMap(decodeCbor(payload));
  if (v !== PROTOCOL_VERSION || !isId(id) || hasKeys(others) || (ok === undefined) === (err === undefined)) {
    throw new WireError('ENVELOPE_INVALID');
  }
  return ok === undefined ? { id, err: decodeRefusal(err as CborValue) } : { id, ok };
}

function decodeRefusal(value: CborValue): Refusal {
  const { code, http, ...others } = asMap(value);
  if (typeof code !== 'string' || hasKeys(others)) throw new WireError('ENVELOPE_INVALID');
  if (http === undefined) return { code };
  const { status, body, ...rest } = asMap(http);
  if (typeof status !== 'number' || !(body instanceof Uint8Array) || hasKeys(rest))
    throw new WireError('ENVELOPE_INVALID');
  return { code, http: { status, body } };
}

function asMap(value: CborValue): { readonly [key: string]: CborValue } {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array) {
    throw new WireError('ENVELOPE_INVALID');
  }
  return value as { readonly [key: string]: CborValue };
}

function isId(value: CborValue | undefined): value is number {
  return typeof value === 'number' && value <= 0xffff_ffff;
}

function hasKeys(map: object): boolean {
  return Object.keys(map).length > 0;
}
