import { bytesOf, uint } from '@strongroom/shared/operations/fields';
import * as v from 'valibot';

/** Tokens of once-only operations that changed a record, newest last; so a second enclave sees that they were used. */
export const recentTokensSchema = v.pipe(
  v.array(v.strictObject({ id: bytesOf(16), issuedAtS: uint })),
  v.maxLength(64),
);
export type RecentTokens = v.InferOutput<typeof recentTokensSchema>;
export type RecentToken = RecentTokens[number];

/** Keeps a used token as long as a replay of it could still be in time; drops those that could not. */
export function rememberToken(tokens: RecentTokens, token: RecentToken, oldestUsefulS: number): RecentTokens {
  return [...tokens.filter((other) => other.issuedAtS >= oldestUsefulS), token].slice(-64);
}

/** Whether a token has already changed the record. */
export function isRecentToken(tokens: RecentTokens, id: Uint8Array): boolean {
  return tokens.some((token) => Buffer.from(token.id).equals(id));
}
