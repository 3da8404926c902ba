import * as v from 'valibot';
import { EVM_BALANCE_NETWORKS } from './networks.ts';

const amount = v.strictObject({
  amount: v.pipe(v.string(), v.regex(/^[0-9]+$/), v.description('In the smallest unit of the token.')),
  decimals: v.pipe(v.number(), v.integer()),
});
const texts = { symbol: v.optional(v.string()), name: v.optional(v.string()) };

/** CDP's TokenBalance; the native token has the address of EIP-7528. */
export const evmTokenBalanceBody = v.strictObject({
  amount,
  token: v.strictObject({
    network: v.picklist(EVM_BALANCE_NETWORKS),
    contractAddress: v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/)),
    ...texts,
  }),
});

/** CDP's SolanaTokenBalance. */
export const solanaTokenBalanceBody = v.strictObject({
  amount,
  token: v.strictObject({
    mintAddress: v.pipe(v.string(), v.regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/)),
    ...texts,
  }),
});
