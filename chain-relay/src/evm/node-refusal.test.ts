import { describe, expect, it } from 'vitest';
import { classifyRefusal } from './node-refusal.ts';

describe('classifyRefusal', () => {
  // Words of geth, erigon, reth, anvil, nethermind and besu.
  it.each([
    ['already known', 'ALREADY_KNOWN'],
    ['known transaction: 0xab', 'ALREADY_KNOWN'],
    ['AlreadyKnown', 'ALREADY_KNOWN'],
    ['transaction already imported', 'ALREADY_KNOWN'],
    ['already in the mempool', 'ALREADY_KNOWN'],
    ['nonce too low: next nonce 5, tx nonce 3', 'NONCE_TOO_LOW'],
    ['OldNonce, Current nonce: 5, nonce of rejected tx: 3', 'NONCE_TOO_LOW'],
    ['Nonce is too low', 'NONCE_TOO_LOW'],
    ['replacement transaction underpriced', 'REPLACEMENT_UNDERPRICED'],
    ['ReplacementNotAllowed', 'REPLACEMENT_UNDERPRICED'],
    ['could not replace existing tx', 'REPLACEMENT_UNDERPRICED'],
    ['insufficient funds for gas * price + value: balance 0', 'INSUFFICIENT_FUNDS'],
    ['InsufficientFunds, Account balance: 0', 'INSUFFICIENT_FUNDS'],
    ["sender doesn't have enough funds to send tx", 'INSUFFICIENT_FUNDS'],
    ['Upfront cost exceeds account balance', 'INSUFFICIENT_FUNDS'],
    ['max fee per gas less than block base fee', 'FEE_TOO_LOW'],
    ['transaction underpriced: tip needed 1, tip permitted 0', 'FEE_TOO_LOW'],
    ['execution reverted: not the owner', 'EXECUTION_REVERTED'],
    ['txpool is full', 'NODE_UNREACHABLE'],
    ['daily request count exceeded, request rate limited: rate limit', 'NODE_UNREACHABLE'],
    ['intrinsic gas too low', 'TRANSACTION_REFUSED'],
    ['exceeds block gas limit', 'TRANSACTION_REFUSED'],
    ['something nobody has said yet', 'TRANSACTION_REFUSED'],
    ['', 'TRANSACTION_REFUSED'],
  ])('reads "%s"', (nodeMessage, kind) => {
    expect(classifyRefusal({ nodeMessage })).toBe(kind);
  });
});
