// TRUST BOUNDARY: answers of a service that nothing is known of yet.
import type { KeyObject } from 'node:crypto';
import { ClientError, type ClientErrorCode } from './client-error.ts';
import { makeWalletToken } from './wallet-token.ts';

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 1 << 20;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  readonly authorization?: (method: string, url: URL) => string | null;
  /** Signs the request as a whole, for what only a Wallet Secret may ask. */
  readonly walletSecret?: KeyObject;
  /** Goes beside it, for what the project requires one for. */
  readonly secondFactor?: string;
}

export interface Reply {
  /** Empty when the answer has no body. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

export interface Caller {
  /** The base URL without a slash at its end. */
  readonly root: string;
  /** @throws ClientError SERVICE_UNREACHABLE, SERVICE_ANSWER_INVALID, and by `refusalCode` what an answer other than 2xx is called */
  readonly call: (call: Call) => Promise<Reply>;
}

/** Calls one service over HTTP, once per call. */
export function createCaller(baseUrl: string): Caller {
  const root = baseUrl.replace(/\/+$/, '');
  return {
    root,
    async call(call) {
      const { status, text, headers } = await send(root, call);
      const json = text === '' ? {} : parseAnswer(text);
      if (status >= 200 && status < 300) return { json, headers };
      const reason = typeof json['errorMessage'] === 'string' ? json['errorMessage'].slice(0, 300) : '';
      throw new ClientError(refusalCode(status, json['errorType']), `${root} answered ${status}: ${reason}`);
    },
  };
}

/** @returns SERVICE_FAILED for what may have been done nevertheless, codes of a refusal for what was not */
function refusalCode(status: number, errorType: unknown): ClientErrorCode {
  if (errorType === 'mfa_required') return 'SECOND_FACTOR_REQUIRED';
  if (errorType === 'mfa_invalid_code') return 'SECOND_FACTOR_INVALID';
  if (status === 401) return 'CREDENTIALS_REFUSED';
  if (status === 404) return 'NOT_FOUND';
  return status >= 400 && status < 500 ? 'SERVICE_REFUSED' : 'SERVICE_FAILED';
}

/** A body as it is sent. */
export function sentBody(body: unknown): string {
  return body === undefined ? '' : JSON.stringify(body);
}

async function send(root: string, call: Call) {
  const { method, path, query = {}, body, authorization, walletSecret, secondFactor } = call;
  const url = new URL(`${root}${path}`);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  const sent = sentBody(body);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const credential = authorization?.(method, url);
  if (credential) headers['authorization'] = `Bearer ${credential}`;
  if (walletSecret !== undefined) {
    const target = { method, authority: url.host, path: url.pathname, body: Buffer.from(sent) };
    headers['x-wallet-auth'] = makeWalletToken(walletSecret, target);
  }
  if (secondFactor !== undefined) headers['x-second-factor'] = secondFactor;
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(sent !== '' && { body: sent }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (cause) {
    throw new ClientError('SERVICE_UNREACHABLE', `No answer from ${root}.`, { cause });
  }
}

function parseAnswer(text: string): Record<string, unknown> {
  if (text.length > MAX_ANSWER_BYTES) throw invalidAnswer('body');
  try {
    const json: unknown = JSON.parse(text);
    if (json !== null && typeof json === 'object') return json as Record<string, unknown>;
  } catch (cause) {
    throw new ClientError('SERVICE_ANSWER_INVALID', 'The service did not answer in JSON.', { cause });
  }
  throw invalidAnswer('body');
}

/** @throws ClientError SERVICE_ANSWER_INVALID */
export function base64Field(json: Readonly<Record<string, unknown>>, name: string): Uint8Array {
  const value = json[name];
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw invalidAnswer(name);
  return Buffer.from(value, 'base64');
}

export function invalidAnswer(field: string): ClientError {
  return new ClientError('SERVICE_ANSWER_INVALID', `The service's answer lacks a valid "${field}".`);
}
