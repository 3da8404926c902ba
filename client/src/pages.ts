// TRUST BOUNDARY: lists in pages, from the service.
import type { OwnerSession } from './owner.ts';
import { invalidAnswer } from './service-call.ts';

const PAGE_SIZE = '100';
/** A service that never ends is given up: a hundred thousand entries. */
const MAX_PAGES = 1000;

/** All entries of a list, page by page. @throws ClientError */
export async function readAllPages(
  { ask }: Pick<OwnerSession, 'ask'>,
  path: string,
  field: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const entries: Readonly<Record<string, unknown>>[] = [];
  let pageToken: string | null = '';
  for (let page = 0; pageToken !== null; page++) {
    if (page === MAX_PAGES) throw invalidAnswer('nextPageToken');
    const query = { pageSize: PAGE_SIZE, ...(pageToken !== '' && { pageToken }) };
    const { json } = await ask({ method: 'GET', path, query });
    const found = json[field];
    if (!Array.isArray(found) || !found.every((one) => typeof one === 'object' && one !== null))
      throw invalidAnswer(field);
    entries.push(...(found as Record<string, unknown>[]));
    const next = json['nextPageToken'];
    pageToken = typeof next === 'string' && next !== '' ? next : null;
  }
  return entries;
}
