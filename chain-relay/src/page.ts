import { RelayError } from './relay-error.ts';

/** Which part of a list is asked for. */
export interface ListPage {
  readonly limit: number;
  /** From where on; null for the beginning. */
  readonly after: string | null;
}

/** A token balance of CDP, and where the list goes on. */
export interface BalancePage<Balance> {
  readonly balances: readonly Balance[];
  readonly next: string | null;
}

/** Cuts a list that is in a fixed order at the key behind which a page starts. */
export function pageOf<Item>(
  items: readonly Item[],
  { limit, after }: ListPage,
  keyOf: (item: Item) => string,
): { readonly shown: readonly Item[]; readonly next: string | null } {
  const start = after === null ? 0 : items.findIndex((item) => keyOf(item) === after) + 1;
  const shown = items.slice(start, start + limit);
  const last = shown.at(-1);
  const isEnd = last === undefined || start + limit >= items.length;
  return { shown, next: isEnd ? null : keyOf(last) };
}

/** Runs `act` on all items, so many at a time. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  if (size < 1) throw new RelayError('NODE_ANSWER_REFUSED');
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await Promise.all(items.slice(start, start + size).map(act))));
  }
  return results;
}
