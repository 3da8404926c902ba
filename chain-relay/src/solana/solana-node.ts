import { base58 } from '@scure/base';
import type { SolanaNetwork } from '@strongroom/shared/api/networks';
import * as v from 'valibot';
import { createEndpoints, type Endpoints } from '../endpoints.ts';
import type { BroadcastOutcome } from '../evm/evm-node.ts';
import { NodeRefusal } from '../json-rpc.ts';
import { RelayError, type RelayErrorCode } from '../relay-error.ts';

/** Where a transaction is on the chain. */
export interface SolanaStatus {
  readonly isFinalized: boolean;
}

/** A holder's tokens of one account; of one mint there may be several accounts. */
export interface TokenAccount {
  readonly mint: string;
  readonly amount: bigint;
  readonly decimals: number;
}

/** The nodes of one network. Every call throws RelayError and nothing else. */
export interface SolanaNode {
  readonly network: SolanaNetwork;
  /** 32 bytes. */
  latestBlockhash(): Promise<Uint8Array>;
  /** Whether the chain's finalized part would still take a transaction with it. */
  isBlockhashValid(blockhash: string): Promise<boolean>;
  status(signature: string): Promise<SolanaStatus | null>;
  broadcast(raw: Uint8Array): Promise<BroadcastOutcome>;
  /** Lamports. */
  balance(address: string): Promise<bigint>;
  tokenAccounts(owner: string, program: string): Promise<readonly TokenAccount[]>;
}

const base58Text = v.pipe(v.string(), v.regex(/^[1-9A-HJ-NP-Za-km-z]{32,90}$/));
const lamports = v.pipe(
  v.number(),
  v.minValue(0),
  v.transform((value) => BigInt(value)),
);
const withContext = <S extends v.GenericSchema>(value: S) => v.looseObject({ value });
const blockhashAnswer = withContext(v.looseObject({ blockhash: base58Text }));
const statusAnswer = withContext(
  v.tuple([v.nullable(v.looseObject({ confirmationStatus: v.nullish(v.string()) }))]),
);
const tokenAmount = v.looseObject({
  amount: v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,20}$/),
    v.transform((value) => BigInt(value)),
  ),
  decimals: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
});
const tokenAccountsAnswer = withContext(
  v.pipe(
    v.array(
      v.looseObject({
        account: v.looseObject({
          data: v.looseObject({
            parsed: v.looseObject({ info: v.looseObject({ mint: base58Text, tokenAmount }) }),
          }),
        }),
      }),
    ),
    v.maxLength(10_000),
  ),
);

const COMMITMENT = { commitment: 'confirmed' };

/** @param urls endpoints in the order in which they are tried */
export function createSolanaNode(network: SolanaNetwork, urls: readonly string[]): SolanaNode {
  // A test validator has a genesis of its own, so there is no chain to compare with; a blockhash of another one is refused there.
  const endpoints = createEndpoints(urls, async () => undefined);

  async function ask<S extends v.GenericSchema>(method: string, params: readonly unknown[], result: S) {
    try {
      return await endpoints.call(method, params, result);
    } catch (error) {
      if (error instanceof NodeRefusal) throw new RelayError('TRANSACTION_REFUSED', { cause: error });
      throw error;
    }
  }

  return {
    network,
    async latestBlockhash() {
      const { value } = await ask('getLatestBlockhash', [COMMITMENT], blockhashAnswer);
      return base58.decode(value.blockhash);
    },
    async isBlockhashValid(blockhash) {
      const params = [blockhash, { commitment: 'finalized' }];
      return (await ask('isBlockhashValid', params, withContext(v.boolean()))).value;
    },
    async status(signature) {
      const params = [[signature], { searchTransactionHistory: true }];
      const [status] = (await ask('getSignatureStatuses', params, statusAnswer)).value;
      return status === null ? null : { isFinalized: status.confirmationStatus === 'finalized' };
    },
    broadcast: (raw) => broadcast(endpoints, raw),
    balance: async (address) => (await ask('getBalance', [address, COMMITMENT], withContext(lamports))).value,
    async tokenAccounts(owner, program) {
      const params = [owner, { programId: program }, { ...COMMITMENT, encoding: 'jsonParsed' }];
      const { value } = await ask('getTokenAccountsByOwner', params, tokenAccountsAnswer);
      return value.map(({ account }) => {
        const { mint, tokenAmount: held } = account.data.parsed.info;
        return { mint, amount: held.amount, decimals: held.decimals };
      });
    },
  };
}

async function broadcast(endpoints: Endpoints, raw: Uint8Array): Promise<BroadcastOutcome> {
  const params = [
    Buffer.from(raw).toString('base64'),
    { encoding: 'base64', preflightCommitment: 'confirmed' },
  ];
  let isInDoubt = false;
  try {
    await endpoints.each(async (rpc) => {
      try {
        await rpc.call('sendTransaction', params, base58Text);
      } catch (error) {
        if (error instanceof NodeRefusal && classify(error) === 'ALREADY_KNOWN') return;
        isInDoubt ||= !(error instanceof NodeRefusal);
        throw error;
      }
    });
    return { kind: 'accepted' };
  } catch (cause) {
    const kind = cause instanceof NodeRefusal ? classify(cause) : 'ALREADY_KNOWN';
    if (isInDoubt || kind === 'ALREADY_KNOWN') return { kind: 'unclear' };
    return { kind: 'refused', error: new RelayError(kind, { cause }) };
  }
}

/** The simulation before a broadcast names its `TransactionError` in `data.err` (solana-sdk) and in the message. */
function classify({ nodeMessage, data }: NodeRefusal): RelayErrorCode | 'ALREADY_KNOWN' {
  const said = `${nodeMessage} ${JSON.stringify(data ?? null).slice(0, 2000)}`;
  if (/AlreadyProcessed|already been processed/i.test(said)) return 'ALREADY_KNOWN';
  if (/BlockhashNotFound|Blockhash not found/i.test(said)) return 'BLOCKHASH_EXPIRED';
  if (/InsufficientFunds|insufficient (?:lamports|funds)|AccountNotFound|prior credit/i.test(said))
    return 'INSUFFICIENT_FUNDS';
  return /InstructionError|custom program error/i.test(said) ? 'EXECUTION_REVERTED' : 'TRANSACTION_REFUSED';
}
