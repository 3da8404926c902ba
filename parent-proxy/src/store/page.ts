/** One page, newest first; `next` is where the page after it starts, null at the end. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: PageCursor | null;
}
export interface PageCursor {
  readonly createdAtMs: number;
  readonly key: string;
}
export interface PageRequest {
  readonly projectId: Uint8Array;
  readonly limit: number;
  /** Null for the first page. */
  readonly after: PageCursor | null;
}

/** Where a page starts and how many rows are read: one more than shown, to know whether there is another page. */
export type PageArguments = {
  readonly createdAtMs: number;
  readonly key: string;
  readonly limit: number;
};

export function pageArguments({ limit, after }: Pick<PageRequest, 'limit' | 'after'>): PageArguments {
  const { createdAtMs, key } = after ?? { createdAtMs: Number.MAX_SAFE_INTEGER, key: '' };
  return { createdAtMs, key, limit: limit + 1 };
}

/** Cuts what was read to what is shown. */
export function toPage<Row, Shown>(
  rows: readonly Row[],
  limit: number,
  { cursorOf, show }: { readonly cursorOf: (row: Row) => PageCursor; readonly show: (row: Row) => Shown },
): Page<Shown> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { rows: shown.map(show), next: last === undefined ? null : cursorOf(last) };
}
