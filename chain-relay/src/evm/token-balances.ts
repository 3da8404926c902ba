import type { EvmNetwork } from '@strongroom/shared/api/networks';
import { decodeAbiParameters, encodeFunctionData, getAddress, hexToString } from 'viem/utils';
import { type BalancePage, inBatches, type ListPage, pageOf } from '../page.ts';
import { isRelayError } from '../relay-error.ts';
import type { EvmNode } from './evm-node.ts';

type Hex = `0x${string}`;

/** CDP's TokenBalance. */
export interface EvmTokenBalance {
  readonly amount: { readonly amount: string; readonly decimals: number };
  readonly token: {
    readonly network: EvmNetwork;
    readonly contractAddress: string;
    readonly symbol?: string;
    readonly name?: string;
  };
}

/** What stands for the native token (EIP-7528). */
const NATIVE: Hex = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';
const NATIVE_TOKEN = { decimals: 18, symbol: 'ETH', name: 'Ether' };
const BATCH = 10;
const MAX_TEXT_CHARS = 64;

const abi = [
  {
    type: 'function',
    name: 'balanceOf',
    inputs: [{ name: 'owner', type: 'address' }],
    outputs: [{ type: 'uint256' }],
    stateMutability: 'view',
  },
  { type: 'function', name: 'decimals', inputs: [], outputs: [{ type: 'uint8' }], stateMutability: 'view' },
  { type: 'function', name: 'symbol', inputs: [], outputs: [{ type: 'string' }], stateMutability: 'view' },
  { type: 'function', name: 'name', inputs: [], outputs: [{ type: 'string' }], stateMutability: 'view' },
] as const;

interface TokenFacts {
  readonly decimals: number;
  readonly symbol?: string;
  readonly name?: string;
}

export interface EvmBalances {
  /** The native balance, then those of the configured tokens that the address holds. @throws RelayError */
  list(node: EvmNode, owner: string, page: ListPage): Promise<BalancePage<EvmTokenBalance>>;
}

/** @param tokens the operator's list per network: what is not on it is not looked for */
export function createEvmBalances(
  tokens: Readonly<Partial<Record<EvmNetwork, readonly string[]>>>,
): EvmBalances {
  /** What a contract says of itself does not change; a contract that says nothing is asked again. */
  const facts = new Map<string, TokenFacts>();

  async function factsOf(node: EvmNode, contract: string): Promise<TokenFacts> {
    const key = `${node.network} ${contract}`;
    const known = facts.get(key);
    if (known !== undefined) return known;
    const read = await readFacts(node, contract as Hex);
    facts.set(key, read);
    return read;
  }

  return {
    async list(node, owner, page) {
      const { network } = node;
      const contracts = [...new Set((tokens[network] ?? []).map((address) => getAddress(address)))];
      const held = await inBatches<Hex, { contract: Hex; amount: bigint }>(
        [NATIVE, ...contracts],
        BATCH,
        async (contract) => ({
          contract,
          amount: contract === NATIVE ? await node.balance(owner) : await balanceOf(node, contract, owner),
        }),
      );
      const listed = held.filter(({ contract, amount }) => contract === NATIVE || amount > 0n);
      const { shown, next } = pageOf(listed, page, ({ contract }) => contract);
      const balances = await inBatches(shown, BATCH, async ({ contract, amount }) => {
        const { decimals, ...names } = contract === NATIVE ? NATIVE_TOKEN : await factsOf(node, contract);
        return {
          amount: { amount: `${amount}`, decimals },
          token: { network, contractAddress: contract, ...names },
        };
      });
      return { balances, next };
    },
  };
}

/** An address that is no token, or fails, holds nothing. */
async function balanceOf(node: EvmNode, contract: Hex, owner: string): Promise<bigint> {
  const data = encodeFunctionData({ abi, functionName: 'balanceOf', args: [owner as Hex] });
  return (await decodeCall(node, contract, data, 'uint256')) ?? 0n;
}

async function readFacts(node: EvmNode, contract: Hex): Promise<TokenFacts> {
  const ask = (functionName: 'symbol' | 'name') =>
    readText(node, contract, encodeFunctionData({ abi, functionName }));
  const data = encodeFunctionData({ abi, functionName: 'decimals' });
  const [decimals, symbol, name] = await Promise.all([
    decodeCall(node, contract, data, 'uint256'),
    ask('symbol'),
    ask('name'),
  ]);
  return {
    decimals: decimals !== null && decimals <= 255n ? Number(decimals) : 0,
    ...(symbol !== null && { symbol }),
    ...(name !== null && { name }),
  };
}

async function decodeCall(node: EvmNode, to: Hex, data: Hex, type: 'uint256'): Promise<bigint | null> {
  const answer = await callOrNull(node, to, data);
  try {
    return answer === null ? null : decodeAbiParameters([{ type }], answer)[0];
  } catch {
    return null;
  }
}

/** Texts of ERC-20, and the 32 bytes that older contracts return instead; whatever a contract says, at most a short printable text. */
async function readText(node: EvmNode, to: Hex, data: Hex): Promise<string | null> {
  const answer = await callOrNull(node, to, data);
  if (answer === null) return null;
  try {
    const text =
      answer.length === 66
        ? hexToString(answer).replace(/\0+$/, '')
        : decodeAbiParameters([{ type: 'string' }], answer)[0];
    const printable = text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').slice(0, MAX_TEXT_CHARS);
    return printable === '' ? null : printable;
  } catch {
    return null;
  }
}

async function callOrNull(node: EvmNode, to: Hex, data: Hex): Promise<Hex | null> {
  try {
    const answer = await node.call({ to, data });
    return answer === '0x' ? null : answer;
  } catch (error) {
    if (isRelayError(error, 'EXECUTION_REVERTED', 'TRANSACTION_REFUSED')) return null;
    throw error;
  }
}
