import { bytesOf, uint } from '@strongroom/shared/operations/fields';
import * as v from 'valibot';

/** Tokens of once-only operations that changed a record, newest last; so a second enclave sees that they were used. */
export const recentTokensSchema = v.pipe(
  v.array(v.strictObject({ id: bytesOf(16), issuedAtS: uint })),
  v.maxLength(64),
);
export type RecentTokens = v.InferOutput<typeof recentTokensSchema>;
export type RecentToken = RecentTokens[number];

/** The longest that a token can still be replayed after it was issued: a bearer's 300 s with the skew on both sides. */
const MEMORY_S = 400;

/** Adds a used token and drops those that could not be replayed any more. */
export function rememberToken(
  tokens: RecentTokens,
  { id, issuedAtS }: RecentToken,
  nowMs: number,
): RecentTokens {
  const oldestUsefulS = Math.floor(nowMs / 1000) - MEMORY_S;
  return [...tokens.filter((other) => other.issuedAtS >= oldestUsefulS), { id, issuedAtS }].slice(-64);
}

/** Whether a token has already changed the record. */
export function isRecentToken(tokens: RecentTokens, id: Uint8Array): boolean {
  return tokens.some((token) => Buffer.from(token.id).equals(id));
}
