// TRUST BOUNDARY: bodies and page tokens of requests that end in the proxy.
import { describeIssue } from '@strongroom/shared/api/describe-issue';
import { JsonError } from '@strongroom/shared/json/json-error';
import { type JsonValue, toJsonValue } from '@strongroom/shared/json/json-value';
import { type JsonNode, parseJson } from '@strongroom/shared/json/parse-json';
import * as v from 'valibot';
import { RequestError } from '../request-error.ts';
import type { Answer } from './request.ts';

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: JSON.stringify(value), headers };
}

/** @throws RequestError MALFORMED_JSON */
export function parseJsonBody(body: Uint8Array): JsonNode {
  try {
    return parseJson(body);
  } catch (cause) {
    if (cause instanceof JsonError) throw new RequestError('MALFORMED_JSON', { cause });
    throw cause;
  }
}

/** @throws RequestError MALFORMED_JSON, INVALID_REQUEST */
export function readJsonBody<S extends v.GenericSchema>(schema: S, body: Uint8Array): v.InferOutput<S> {
  const value: JsonValue = body.length === 0 ? {} : toJsonValue(parseJsonBody(body));
  // An array would pass for an object in which nothing is set.
  const parsed = v.safeParse(schema, Array.isArray(value) ? null : value);
  if (parsed.success) return parsed.output;
  throw new RequestError('INVALID_REQUEST', { clientMessage: describeIssue(parsed.issues[0]) });
}

/** The hex nonce of a query: 16 to 64 bytes. @throws RequestError INVALID_REQUEST */
export function nonceOf(query: URLSearchParams): Uint8Array {
  const text = query.get('nonce') ?? '';
  if (!/^(?:[0-9a-fA-F]{2}){16,64}$/.test(text)) {
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'The nonce must be 16 to 64 bytes in hex.' });
  }
  return Buffer.from(text, 'hex');
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
