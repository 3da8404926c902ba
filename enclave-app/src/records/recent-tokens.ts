import { OperationError } from '@strongroom/shared/channel/operation-error';
import { bytesOf, uint } from '@strongroom/shared/operations/fields';
import * as v from 'valibot';

/** More changes of one project than come within a second: tokens count in whole seconds, and a list full of one second's refuses more of it. */
const MAX_TOKENS = 256;

/** Tokens of once-only operations that changed a record; so a second enclave sees that they were used. */
export const recentTokensSchema = v.pipe(
  v.array(v.strictObject({ id: bytesOf(16), issuedAtS: uint })),
  v.maxLength(MAX_TOKENS),
);
export type RecentTokens = v.InferOutput<typeof recentTokensSchema>;
export type RecentToken = RecentTokens[number];

/** The longest that a token can still be replayed after it was issued: a bearer's 300 s with the skew on both sides. */
const MEMORY_S = 400;

/** Adds a used token and drops those that could not be replayed any more; from a full list the one that was issued first. */
export function rememberToken(
  tokens: RecentTokens,
  { id, issuedAtS }: RecentToken,
  nowMs: number,
): RecentTokens {
  const oldestUsefulS = Math.floor(nowMs / 1000) - MEMORY_S;
  const useful = [...tokens.filter((other) => other.issuedAtS >= oldestUsefulS), { id, issuedAtS }];
  return useful.sort((one, other) => one.issuedAtS - other.issuedAtS).slice(-MAX_TOKENS);
}

/**
 * Refuses a token that has changed the record. While the list is full, any token as old as the oldest in it may have: it is refused too,
 * or a burst of changes would make the replay of an earlier one possible.
 * @throws OperationError WALLET_TOKEN_REPLAYED, RATE_LIMITED
 */
export function assertUnusedToken(tokens: RecentTokens, { id, issuedAtS }: RecentToken): void {
  if (tokens.some((token) => Buffer.from(token.id).equals(id)))
    throw new OperationError('WALLET_TOKEN_REPLAYED');
  const [oldest] = tokens;
  const mayBeDropped = tokens.length >= MAX_TOKENS && oldest !== undefined && issuedAtS <= oldest.issuedAtS;
  if (mayBeDropped) throw new OperationError('RATE_LIMITED');
}
