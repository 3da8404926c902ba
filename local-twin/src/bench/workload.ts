import { randomBytes, randomInt } from 'node:crypto';
import { encodeFunctionData, erc20Abi, getAddress, serializeTransaction } from 'viem';

/** What is asked for: a digest signed as given, or a token transfer that policies can read. */
export type Workload = 'hash' | 'transaction';

const TOKEN = '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913';
const MAX_AMOUNT = 10_000_000;
const TRANSFERS = 64;

/** The end of the path under an account, and a body. */
export interface WorkloadRequest {
  readonly action: string;
  readonly body: Uint8Array;
}

let transfers: readonly Uint8Array[] | null = null;

export function requestOf(workload: Workload): WorkloadRequest {
  if (workload === 'hash') {
    return { action: 'sign', body: Buffer.from(`{"hash":"0x${randomBytes(32).toString('hex')}"}`) };
  }
  // Making one costs more than signing its tokens, so a few are used again and again; each request has tokens of its own.
  transfers ??= Array.from({ length: TRANSFERS }, () => transferBody());
  return { action: 'sign/transaction', body: transfers[randomInt(TRANSFERS)] as Uint8Array };
}

function transferBody(): Uint8Array {
  const data = encodeFunctionData({
    abi: erc20Abi,
    functionName: 'transfer',
    args: [randomAddress(), BigInt(randomInt(MAX_AMOUNT))],
  });
  const transaction = serializeTransaction({
    type: 'eip1559',
    chainId: 8453,
    nonce: randomInt(1_000_000),
    gas: 60_000n,
    maxFeePerGas: 1_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
    to: TOKEN,
    data,
  });
  return Buffer.from(JSON.stringify({ transaction }));
}

/** Nine rules that reject transfers to certain addresses, and a tenth that accepts small ones: all ten decode the calldata. */
export function tenRules(): object {
  const transferRule = (action: string, param: object, ...others: object[]) => ({
    action,
    operation: 'signEvmTransaction',
    criteria: [
      ...others,
      { type: 'evmData', abi: 'erc20', conditions: [{ function: 'transfer', params: [param] }] },
    ],
  });
  const rejections = Array.from({ length: 9 }, () =>
    transferRule('reject', { name: 'to', operator: 'in', values: [randomAddress()] }),
  );
  const acceptance = transferRule(
    'accept',
    { name: 'value', operator: '<=', value: String(MAX_AMOUNT) },
    { type: 'evmAddress', operator: 'in', addresses: [TOKEN] },
  );
  return { scope: 'account', description: 'Ten rules', rules: [...rejections, acceptance] };
}

function randomAddress(): `0x${string}` {
  return getAddress(`0x${randomBytes(20).toString('hex')}`);
}
