import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { decodeAbiParameters, type Hex, recoverAddress } from 'viem';
import { entryPoint06Address, getUserOperationHash } from 'viem/account-abstraction';

/** What a bundler has been sent, as it came over the wire. */
export type SentOperation = Readonly<Record<string, Hex>>;

/** An ERC-4337 bundler that checks operations as the EntryPoint would and mines them when a test says so. */
export interface FakeBundler extends AsyncDisposable {
  readonly url: string;
  readonly sent: ReadonlyMap<string, SentOperation>;
  /** Refuses, or loses the answer to, the next operation. */
  failNext(fault: 'refuse' | 'lose-answer'): void;
  mine(userOpHash: string, isSuccess: boolean): void;
}

/** @param ownerAt the owner of a smart account by its index: who has to have signed */
export async function startFakeBundler(
  chainId: number,
  ownerAt: (sender: string, index: number) => string | undefined,
): Promise<FakeBundler> {
  const sent = new Map<string, SentOperation>();
  const mined = new Map<string, boolean>();
  let fault: 'refuse' | 'lose-answer' | null = null;

  async function take(operation: SentOperation): Promise<string> {
    const hash = hashOf(operation, chainId);
    const [{ ownerIndex, signatureData }] = decodeAbiParameters(
      [
        {
          type: 'tuple',
          components: [
            { name: 'ownerIndex', type: 'uint8' },
            { name: 'signatureData', type: 'bytes' },
          ],
        },
      ],
      operation['signature'] as Hex,
    );
    const signer = await recoverAddress({ hash, signature: signatureData });
    if (signer !== ownerAt(operation['sender'] as string, ownerIndex))
      throw new Error('AA24 signature error');
    sent.set(hash, operation);
    return hash;
  }

  async function answer(method: string, params: readonly unknown[]): Promise<object> {
    const [first, entryPoint] = params as [SentOperation, string];
    switch (method) {
      case 'eth_chainId':
        return { result: `0x${chainId.toString(16)}` };
      case 'eth_estimateUserOperationGas':
        if (entryPoint !== entryPoint06Address) return { error: { code: -32_602, message: 'entry point' } };
        return {
          result: { callGasLimit: '0x8000', verificationGasLimit: '0x10000', preVerificationGas: '0xb000' },
        };
      case 'eth_sendUserOperation':
        if (fault === 'refuse') return { error: { code: -32_500, message: 'AA21 didnt pay prefund' } };
        return await take(first).then(
          (result) => ({ result }),
          (error: Error) => ({ error: { code: -32_507, message: error.message } }),
        );
      case 'eth_getUserOperationReceipt':
        return { result: receiptOf(params[0] as string, mined) };
      default:
        return { error: { code: -32_601, message: 'method not found' } };
    }
  }

  const server = createServer((incoming, outgoing) => {
    void text(incoming).then(async (body) => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      const result = await answer(method, params);
      const isLost = method === 'eth_sendUserOperation' && fault === 'lose-answer';
      if (method === 'eth_sendUserOperation') fault = null;
      if (isLost) outgoing.destroy();
      else outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, ...result }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    failNext(next) {
      fault = next;
    },
    mine: (userOpHash, isSuccess) => void mined.set(userOpHash, isSuccess),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function hashOf(operation: SentOperation, chainId: number): Hex {
  const number = (field: string) => BigInt(operation[field] as Hex);
  return getUserOperationHash({
    chainId,
    entryPointAddress: entryPoint06Address,
    entryPointVersion: '0.6',
    userOperation: {
      ...operation,
      nonce: number('nonce'),
      callGasLimit: number('callGasLimit'),
      verificationGasLimit: number('verificationGasLimit'),
      preVerificationGas: number('preVerificationGas'),
      maxFeePerGas: number('maxFeePerGas'),
      maxPriorityFeePerGas: number('maxPriorityFeePerGas'),
    } as never,
  });
}

function receiptOf(userOpHash: string, mined: ReadonlyMap<string, boolean>): object | null {
  const success = mined.get(userOpHash);
  if (success === undefined) return null;
  const receipt = {
    transactionHash: `0x${'11'.repeat(32)}`,
    blockHash: `0x${'22'.repeat(32)}`,
    blockNumber: '0x7',
  };
  return { userOpHash, success, actualGasUsed: '0x5208', ...(!success && { reason: '0x08c379a0' }), receipt };
}
