// TRUST BOUNDARY: page size and page token, from the query of a client's request.
import * as v from 'valibot';
import { RequestError } from '../request-error.ts';
import type { PageCursor } from '../store/page.ts';

const DEFAULT_PAGE_SIZE = 20;
/** CDP names no maximum; a larger wish gets this much and a token for the rest. */
const MAX_PAGE_SIZE = 1000;
const CURSOR = /^([0-9]{1,16}):([0-9A-Za-z-]{1,64})$/;

/** The parameters that `pageOf` reads, and what a page ends with, for the OpenAPI document. */
export const pageQuery = {
  pageSize: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), DEFAULT_PAGE_SIZE),
  pageToken: v.optional(v.string()),
};
export const nextPageToken = v.optional(
  v.pipe(v.string(), v.description('Where the next page starts; absent at the end.')),
);

/** @throws RequestError INVALID_REQUEST */
export function pageOf(
  query: URLSearchParams,
  maxPageSize = MAX_PAGE_SIZE,
): {
  readonly limit: number;
  readonly after: PageCursor | null;
} {
  const token = query.get('pageToken');
  return {
    limit: Math.min(pageSizeOf(query.get('pageSize')), maxPageSize),
    after: token === null || token === '' ? null : decodeCursor(token),
  };
}

/** @throws RequestError INVALID_REQUEST */
export function pageSizeOf(text: string | null): number {
  if (text === null) return DEFAULT_PAGE_SIZE;
  if (!/^[1-9][0-9]{0,9}$/.test(text)) {
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'pageSize must be a positive integer.' });
  }
  return Number(text);
}

/** Opaque to clients. It says only where in the project's own list to go on, so nothing has to keep it from being made up. */
export function encodeCursor({ createdAtMs, key }: PageCursor): string {
  return Buffer.from(`${createdAtMs}:${key}`).toString('base64url');
}

function decodeCursor(token: string): PageCursor {
  const match = CURSOR.exec(Buffer.from(token.slice(0, 128), 'base64url').toString('latin1'));
  const createdAtMs = Number(match?.[1]);
  const key = match?.[2];
  if (key === undefined || !Number.isSafeInteger(createdAtMs)) {
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'pageToken is invalid.' });
  }
  return { createdAtMs, key };
}
