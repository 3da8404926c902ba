import * as v from 'valibot';
import { bytesOf, bytesUpTo, httpAnswer, textUpTo, uint } from './fields.ts';

/**
 * The one transaction that a token led to. It has to be durable before `answer` is sent and before any node gets to see it.
 */
export const sentTransactionResponse = v.strictObject({
  answer: httpAnswer,
  transaction: v.strictObject({
    /** Transaction hash in hex, or the first signature in base58. */
    id: textUpTo(90),
    /** Ready to broadcast. */
    raw: bytesUpTo(140_000),
    /** Of the wallet token; no second transaction may be stored for it. */
    tokenId: bytesOf(16),
    /** EVM only. */
    nonce: v.nullable(uint),
  }),
});
