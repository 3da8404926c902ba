import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { base58 } from '@scure/base';
import {
  type Address,
  address,
  getBase58Decoder,
  getTransactionDecoder,
  lamports,
  type Signature,
} from '@solana/kit';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';

const TOKEN_PROGRAM = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');

/** Solana's real runtime behind the JSON-RPC methods that the relay uses. */
export interface SolanaTestNode extends AsyncDisposable {
  readonly url: string;
  readonly svm: LiteSVM;
  /** Methods in the order of their arrival. */
  readonly asked: readonly string[];
  /** Answers the next `sendTransaction` with nothing: the connection ends, before or after the runtime has it. */
  breakNextSend(when: 'before' | 'after'): void;
  /** Gives `owner` an account with so much of a mint, and makes the mint. */
  giveTokens(owner: string, mint: Address, amount: bigint, decimals: number): Address;
}

type Handler = (params: readonly unknown[]) => unknown;

class RpcRefusal extends Error {
  readonly error: object;
  constructor(error: object) {
    super('refused');
    this.error = error;
  }
}

export async function startSolanaNode(): Promise<SolanaTestNode> {
  const svm = new LiteSVM();
  const asked: string[] = [];
  let broken: 'before' | 'after' | null = null;
  const handlers = handlersOf(svm);

  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      asked.push(method);
      const fault = method === 'sendTransaction' ? broken : null;
      if (fault !== null) broken = null;
      if (fault === 'before') return void outgoing.destroy();
      const answer = answerOf(handlers[method], params);
      if (fault === 'after') return void outgoing.destroy();
      outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    svm,
    asked,
    breakNextSend(when) {
      broken = when;
    },
    giveTokens: (owner, mint, amount, decimals) => giveTokens(svm, { owner, mint, amount, decimals }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answerOf(handler: Handler | undefined, params: readonly unknown[]): object {
  if (handler === undefined) return { error: { code: -32_601, message: 'Method not found' } };
  try {
    return { result: handler(params) };
  } catch (error) {
    if (error instanceof RpcRefusal) return { error: error.error };
    throw error;
  }
}

function handlersOf(svm: LiteSVM): Readonly<Record<string, Handler>> {
  const withContext = (value: unknown) => ({ context: { slot: Number(svm.getClock().slot) }, value });
  return {
    getLatestBlockhash: () => withContext({ blockhash: svm.latestBlockhash(), lastValidBlockHeight: 1 }),
    isBlockhashValid: ([blockhash]) => withContext(blockhash === svm.latestBlockhash()),
    getBalance: ([owner]) => withContext(Number(svm.getBalance(owner as Address) ?? 0n)),
    getSignatureStatuses: ([signatures]) =>
      withContext(
        (signatures as Signature[]).map((signature) =>
          svm.getTransaction(signature) === null ? null : { confirmationStatus: 'finalized' },
        ),
      ),
    sendTransaction: ([wire]) => sendTransaction(svm, wire as string),
    getTokenAccountsByOwner: ([owner, filter]) =>
      withContext(
        (filter as { programId: string }).programId === TOKEN_PROGRAM
          ? tokenAccountsOf(svm, owner as string)
          : [],
      ),
  };
}

function sendTransaction(svm: LiteSVM, wire: string): string {
  const transaction = getTransactionDecoder().decode(Buffer.from(wire, 'base64'));
  const result = svm.sendTransaction(transaction);
  if (result instanceof FailedTransactionMetadata) {
    const err = /err: ([A-Za-z]+)/.exec(result.toString())?.[1] ?? 'Unknown';
    throw new RpcRefusal({ code: -32_002, message: 'Transaction simulation failed', data: { err } });
  }
  return getBase58Decoder().decode(Object.values(transaction.signatures)[0] as unknown as Uint8Array);
}

/** Layouts of the SPL Token program: a mint has 82 bytes, an account 165. */
function giveTokens(
  svm: LiteSVM,
  { owner, mint, amount, decimals }: { owner: string; mint: Address; amount: bigint; decimals: number },
): Address {
  const mintData = Buffer.alloc(82);
  mintData.writeBigUInt64LE(amount, 36);
  mintData[44] = decimals;
  mintData[45] = 1;
  put(svm, mint, mintData);
  const accountData = Buffer.alloc(165);
  accountData.set(base58.decode(mint), 0);
  accountData.set(base58.decode(owner), 32);
  accountData.writeBigUInt64LE(amount, 64);
  accountData[108] = 1;
  const holder = address(base58.encode(crypto.getRandomValues(new Uint8Array(32))));
  put(svm, holder, accountData);
  return holder;
}

function put(svm: LiteSVM, at: Address, data: Uint8Array): void {
  svm.setAccount({
    address: at,
    data,
    executable: false,
    lamports: lamports(10_000_000n),
    programAddress: TOKEN_PROGRAM,
    space: BigInt(data.length),
  });
}

function tokenAccountsOf(svm: LiteSVM, owner: string): object[] {
  const accounts = svm.getProgramAccounts(TOKEN_PROGRAM).map(({ data }) => Buffer.from(data));
  return accounts
    .filter((data) => data.length === 165 && base58.encode(data.subarray(32, 64)) === owner)
    .map((data) => {
      const mint = base58.encode(data.subarray(0, 32));
      const { data: mintData } = svm.getAccount(address(mint)) as unknown as { data: Uint8Array };
      const tokenAmount = { amount: `${data.readBigUInt64LE(64)}`, decimals: mintData[44] };
      return { account: { data: { parsed: { info: { mint, tokenAmount } } } } };
    });
}
