// Balances of an EVM address: the native token and the operator's list, read from a real node.
import type { CdpClient } from '@coinbase/cdp-sdk';
import {
  type Address,
  encodeAbiParameters,
  type Hex,
  pad,
  parseEther,
  stringToHex,
  toFunctionSelector,
} from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { createTestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const OWNER: Address = '0x00000000000000000000000000000000000000A1';
const address = (last: string): Address => `0x${last.padStart(40, '0')}`;
const [COIN, OLD, EMPTY, HOSTILE, NONE] = ['c1', 'c2', 'c3', 'c4', 'c5'].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
];
let anvil: Anvil;
let system: TestSystem;
let cdp: CdpClient;

beforeAll(async () => {
  anvil = await startAnvil();
  const tokens = { [NETWORK]: [COIN, OLD, EMPTY, HOSTILE, NONE, COIN] };
  system = await startTestSystem({ relay: { rpcUrls: { [NETWORK]: [anvil.url] }, bundlerUrls: {}, tokens } });
  cdp = connectSdk(await createTestProject(system));
  await anvil.client.setBalance({ address: OWNER, value: parseEther('2') });
  await setToken(COIN, { balance: 123_456n, decimals: 6n, name: text('USD Coin'), symbol: text('USDC') });
  await setToken(OLD, { balance: 5n, decimals: 18n, name: word('Maker'), symbol: word('MKR') });
  await setToken(EMPTY, { balance: 0n, decimals: 18n, name: text('Empty'), symbol: text('EMP') });
  await setToken(HOSTILE, {
    balance: 9n,
    decimals: 300n,
    name: text(`<b>\n${'x'.repeat(500)}`),
    symbol: '0xff',
  });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

const uint = (value: bigint) => encodeAbiParameters([{ type: 'uint256' }], [value]);
const text = (value: string) => encodeAbiParameters([{ type: 'string' }], [value]);
const word = (value: string) => pad(stringToHex(value), { dir: 'right', size: 32 });

interface Token {
  readonly balance: bigint;
  readonly decimals: bigint;
  readonly name: Hex;
  readonly symbol: Hex;
}

/** Puts code at an address that answers each function with fixed bytes, whatever its arguments: a switch over the selector. */
async function setToken(at: Address, { balance, decimals, name, symbol }: Token): Promise<void> {
  const answers: readonly (readonly [string, Hex])[] = [
    ['balanceOf(address)', uint(balance)],
    ['decimals()', uint(decimals)],
    ['name()', name],
    ['symbol()', symbol],
  ];
  const bytes = answers.map(([, answer]) => Buffer.from(answer.slice(2), 'hex'));
  const hex = (value: number, size: number) => value.toString(16).padStart(size * 2, '0');
  // 5 bytes of head, then per function 11 bytes of test and 14 of answer, a revert, and the answers as data.
  const codeLength = 5 + 11 * answers.length + 5 + 14 * answers.length;
  let dataAt = codeLength;
  let tests = '';
  let bodies = '';
  answers.forEach(([signature], i) => {
    const bodyAt = 5 + 11 * answers.length + 5 + 14 * i;
    tests += `8063${toFunctionSelector(`function ${signature}`).slice(2)}1461${hex(bodyAt, 2)}57`;
    const length = bytes[i]?.length ?? 0;
    // jumpdest; codecopy(0, dataAt, length); return(0, length)
    bodies += `5b61${hex(length, 2)}8061${hex(dataAt, 2)}5f395ff3`.padEnd(28, '0');
    dataAt += length;
  });
  const code = `5f3560e01c${tests}5f5ffd0000${bodies}${Buffer.concat(bytes).toString('hex')}` as const;
  await anvil.client.setCode({ address: at, bytecode: `0x${code}` });
}

describe('listTokenBalances', () => {
  it('shows the native token and what is held of the list, whatever its contracts are', async () => {
    const { balances, nextPageToken } = await cdp.evm.listTokenBalances({ address: OWNER, network: NETWORK });
    expect(nextPageToken).toBeUndefined();
    expect(
      balances.map(({ token, amount }) => [token.symbol, token.name, amount.amount, amount.decimals]),
    ).toEqual([
      ['ETH', 'Ether', parseEther('2'), 18],
      ['USDC', 'USD Coin', 123_456n, 6],
      ['MKR', 'Maker', 5n, 18],
      [undefined, `<b>${'x'.repeat(61)}`, 9n, 0],
    ]);
    expect(balances[0]?.token.contractAddress).toBe('0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE');
  });

  it('goes on where a page ends', async () => {
    const seen: bigint[] = [];
    let pageToken: string | undefined;
    do {
      const page = await cdp.evm.listTokenBalances({
        address: OWNER,
        network: NETWORK,
        pageSize: 3,
        ...(pageToken !== undefined && { pageToken }),
      });
      seen.push(...page.balances.map(({ amount }) => amount.amount));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(seen).toEqual([parseEther('2'), 123_456n, 5n, 9n]);
  });

  it('shows the native token of an address that has none', async () => {
    const account = await cdp.evm.createAccount();
    const { balances } = await account.listTokenBalances({ network: NETWORK });
    expect(balances[0]).toMatchObject({ token: { symbol: 'ETH' }, amount: { amount: 0n } });
  });

  it('refuses what is no address, network or page', async () => {
    const refused = (message: string) =>
      expect.objectContaining({ statusCode: 400, errorMessage: expect.stringContaining(message) });
    const list = (changes: object) =>
      cdp.evm.listTokenBalances({ address: OWNER, network: NETWORK, ...changes } as never);
    await expect(list({ address: '0x12' })).rejects.toEqual(refused('regular expression'));
    await expect(list({ network: 'polygon' })).rejects.toEqual(refused('network must be one of'));
    await expect(list({ network: 'base' })).rejects.toEqual(refused('not configured'));
    await expect(list({ pageToken: '$$$' })).rejects.toEqual(refused('pageToken'));
  });
});
