import { bearerToken, walletToken } from './forged-token.ts';
import type { TestProject } from './project.ts';
import { type RawAnswer, sendRaw } from './raw-request.ts';

export interface RequestParts {
  readonly body?: object;
  /** The idempotency key. */
  readonly key?: string | null;
  readonly query?: string;
}

/** Sends one request as the SDK would, and never again by itself. */
export function sendSigned(
  project: TestProject,
  method: string,
  path: string,
  { body, key = null, query = '' }: RequestParts = {},
): Promise<RawAnswer> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const target = { method, authority: new URL(project.baseUrl).host, path, body: text };
  return sendRaw(project.baseUrl, {
    method,
    path: path + query,
    body: text,
    headers: {
      authorization: `Bearer ${bearerToken(project, target)}`,
      'content-type': 'application/json',
      ...(method !== 'GET' && { 'x-wallet-auth': walletToken(project, target) }),
      ...(key !== null && { 'x-idempotency-key': key }),
    },
  });
}
