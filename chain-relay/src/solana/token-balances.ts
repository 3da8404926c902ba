import { type BalancePage, type ListPage, pageOf } from '../page.ts';
import type { SolanaNode } from './solana-node.ts';

/** CDP's SolanaTokenBalance. */
export interface SolanaTokenBalance {
  readonly amount: { readonly amount: string; readonly decimals: number };
  readonly token: { readonly mintAddress: string; readonly symbol?: string; readonly name?: string };
}

/** What stands for the native token, as CDP's specification has it. */
const NATIVE = 'So11111111111111111111111111111111111111111';
const TOKEN_PROGRAMS = [
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
];

/** The native balance, then the tokens that the address holds, by mint. @throws RelayError */
export async function listSolanaBalances(
  node: SolanaNode,
  owner: string,
  page: ListPage,
): Promise<BalancePage<SolanaTokenBalance>> {
  const [lamports, ...accounts] = await Promise.all([
    node.balance(owner),
    ...TOKEN_PROGRAMS.map((program) => node.tokenAccounts(owner, program)),
  ]);
  const byMint = new Map<string, { amount: bigint; decimals: number }>();
  for (const { mint, amount, decimals } of accounts.flat()) {
    byMint.set(mint, { amount: (byMint.get(mint)?.amount ?? 0n) + amount, decimals });
  }
  const tokens = [...byMint]
    .filter(([, { amount }]) => amount > 0n)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([mintAddress, { amount, decimals }]) => ({
      amount: { amount: `${amount}`, decimals },
      token: { mintAddress },
    }));
  const native: SolanaTokenBalance = {
    amount: { amount: `${lamports}`, decimals: 9 },
    token: { mintAddress: NATIVE, symbol: 'SOL', name: 'Solana' },
  };
  const { shown, next } = pageOf([native, ...tokens], page, ({ token }) => token.mintAddress);
  return { balances: shown, next };
}
