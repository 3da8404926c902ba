// The EntryPoint of ERC-4337 itself, v0.6, on a node of these tests, and a bundler that hands it one operation at a time.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Address, type Hex, pad } from 'viem';
import { entryPoint06Abi, entryPoint06Address } from 'viem/account-abstraction';
import type { Anvil } from './anvil.ts';
import { STAND_IN_WALLET } from './stand-in-wallet.ts';

const artifact = createRequire(import.meta.url).resolve(
  '@account-abstraction/contracts/artifacts/EntryPoint.json',
);

/** Puts the EntryPoint at its address: it is deployed elsewhere, which also makes its helper, and its code copied. */
export async function installEntryPoint({ client }: Anvil): Promise<void> {
  const { bytecode } = JSON.parse(readFileSync(artifact, 'utf8')) as { bytecode: Hex };
  const [account] = await client.getAddresses();
  const hash = await client.sendTransaction({
    account: account as Address,
    to: null,
    data: bytecode,
  } as never);
  const { contractAddress } = await client.waitForTransactionReceipt({ hash });
  const code = await client.getCode({ address: contractAddress as Address });
  await client.setCode({ address: entryPoint06Address, bytecode: code as Hex });
}

/** A wallet at the smart account's address, with ether. */
export async function installWallet({ client }: Anvil, address: Address, owner: Address): Promise<void> {
  await client.setCode({ address, bytecode: STAND_IN_WALLET });
  await client.setStorageAt({ address, index: 0, value: pad(owner, { size: 32 }) });
  await client.setBalance({ address, value: 10n ** 18n });
}

export interface ChainBundler extends AsyncDisposable {
  readonly url: string;
}

type Sent = Readonly<Record<string, Hex>>;

/** A bundler that pays from one of the node's accounts; what the EntryPoint reverts on, it refuses. */
export async function startChainBundler({ client }: Anvil): Promise<ChainBundler> {
  const [bundler] = (await client.getAddresses()) as [Address];

  async function send(sent: Sent): Promise<Hex> {
    const operation = structOf(sent);
    const contract = { address: entryPoint06Address, abi: entryPoint06Abi } as const;
    const { request } = await client.simulateContract({
      ...contract,
      account: bundler,
      functionName: 'handleOps',
      args: [[operation], bundler],
    });
    const hash = await client.writeContract(request);
    await client.waitForTransactionReceipt({ hash });
    return await client.readContract({ ...contract, functionName: 'getUserOpHash', args: [operation] });
  }

  async function receiptOf(userOpHash: Hex): Promise<object | null> {
    const [log] = await client.getContractEvents({
      address: entryPoint06Address,
      abi: entryPoint06Abi,
      eventName: 'UserOperationEvent',
      args: { userOpHash },
      fromBlock: 0n,
    });
    if (log === undefined) return null;
    const { transactionHash, blockHash, blockNumber, args } = log;
    const actualGasUsed = `0x${(args.actualGasUsed ?? 0n).toString(16)}`;
    const receipt = { transactionHash, blockHash, blockNumber: `0x${blockNumber.toString(16)}` };
    return { userOpHash, success: args.success, actualGasUsed, receipt };
  }

  async function answer(method: string, [first]: readonly unknown[]): Promise<unknown> {
    switch (method) {
      case 'eth_chainId':
        return `0x${(await client.getChainId()).toString(16)}`;
      case 'eth_estimateUserOperationGas':
        return { callGasLimit: '0x20000', verificationGasLimit: '0x20000', preVerificationGas: '0xb000' };
      case 'eth_sendUserOperation':
        return await send(first as Sent);
      default:
        return await receiptOf(first as Hex);
    }
  }

  const server = createServer((incoming, outgoing) => {
    void text(incoming).then(async (body) => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      const outcome = await answer(method, params).then(
        (result) => ({ result }),
        (error: Error) => ({ error: { code: -32_500, message: error.message.slice(0, 200) } }),
      );
      outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function structOf(sent: Sent) {
  const number = (field: string) => BigInt(sent[field] as Hex);
  const bytes = (field: string) => sent[field] as Hex;
  return {
    sender: bytes('sender'),
    nonce: number('nonce'),
    initCode: bytes('initCode'),
    callData: bytes('callData'),
    callGasLimit: number('callGasLimit'),
    verificationGasLimit: number('verificationGasLimit'),
    preVerificationGas: number('preVerificationGas'),
    maxFeePerGas: number('maxFeePerGas'),
    maxPriorityFeePerGas: number('maxPriorityFeePerGas'),
    paymasterAndData: bytes('paymasterAndData'),
    signature: bytes('signature'),
  };
}
