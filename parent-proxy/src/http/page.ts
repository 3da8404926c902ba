// TRUST BOUNDARY: page size and page token, from the query of a client's request.
import { RequestError } from '../request-error.ts';
import type { PageCursor } from '../store/store.ts';

const DEFAULT_PAGE_SIZE = 20;
/** CDP names no maximum; a larger wish gets this much and a token for the rest. */
const MAX_PAGE_SIZE = 1000;
const CURSOR = /^([0-9]{1,16}):([0-9A-Za-z]{1,64})$/;

/** @throws RequestError INVALID_REQUEST */
export function pageOf(query: URLSearchParams): {
  readonly limit: number;
  readonly after: PageCursor | null;
} {
  const token = query.get('pageToken');
  return {
    limit: pageSizeOf(query.get('pageSize')),
    after: token === null || token === '' ? null : decodeCursor(token),
  };
}

function pageSizeOf(text: string | null): number {
  if (text === null) return DEFAULT_PAGE_SIZE;
  if (!/^[1-9][0-9]{0,9}$/.test(text)) {
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'pageSize must be a positive integer.' });
  }
  return Math.min(Number(text), MAX_PAGE_SIZE);
}

/** Opaque to clients. It says only where in the project's own list to go on, so nothing has to keep it from being made up. */
export function encodeCursor({ createdAtMs, addressKey }: PageCursor): string {
  return Buffer.from(`${createdAtMs}:${addressKey}`).toString('base64url');
}

function decodeCursor(token: string): PageCursor {
  const match = CURSOR.exec(Buffer.from(token.slice(0, 128), 'base64url').toString('latin1'));
  const createdAtMs = Number(match?.[1]);
  const addressKey = match?.[2];
  if (addressKey === undefined || !Number.isSafeInteger(createdAtMs)) {
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'pageToken is invalid.' });
  }
  return { createdAtMs, addressKey };
}
