import * as v from 'valibot';
import { signTransactionBody } from './evm-sign-body.ts';
import { EVM_SEND_NETWORKS, SOLANA_NETWORKS } from './networks.ts';
import { signSolanaTransactionBody } from './solana-sign-body.ts';

/** Body of POST /v2/evm/accounts/{address}/send/transaction. Nonce, gas limit and fees that are 0 are filled in; the chain id is the network's. */
export const sendEvmTransactionBody = v.strictObject({
  ...signTransactionBody.entries,
  network: v.picklist(EVM_SEND_NETWORKS),
});

/** Body of POST /v2/solana/accounts/send/transaction. A blockhash of zeros, or the placeholder of CDP's examples, is filled in. */
export const sendSolanaTransactionBody = v.strictObject({
  ...signSolanaTransactionBody.entries,
  network: v.picklist(SOLANA_NETWORKS),
  useCdpSponsor: v.optional(v.pipe(v.literal(false), v.description('Fees are paid by the fee payer alone.'))),
});

/** Answers. */
export const sentEvmTransactionBody = v.strictObject({
  transactionHash: v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/)),
});
export const sentSolanaTransactionBody = v.strictObject({
  transactionSignature: v.pipe(v.string(), v.description('The first signature, base58.')),
});
