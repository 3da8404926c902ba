import assert from 'node:assert/strict';
import type { CreatePolicyBody } from '@coinbase/cdp-sdk';
import { encodeFunctionData, erc20Abi, type Hex, parseEther, parseUnits, serializeTransaction } from 'viem';
import { connect } from './connect.ts';

const { cdp } = connect();
const FRIEND = '0x00000000000000000000000000000000DeaDBeef';
const STRANGER = '0x000000000000000000000000000000000000c0DE';
const USDC = '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913';

// What no rule is about is allowed: a limit on transactions says nothing of raw hashes and typed data, which can be payments too.
const noBackDoors: CreatePolicyBody['rules'] = [
  { action: 'reject', operation: 'signEvmHash' },
  {
    action: 'accept',
    operation: 'signEvmTypedData',
    criteria: [{ type: 'evmTypedDataVerifyingContract', addresses: [], operator: 'in' }],
  },
];

const allowListWithCap: CreatePolicyBody = {
  scope: 'account',
  description: 'Up to 0.1 ether to friends',
  rules: [
    {
      action: 'accept',
      operation: 'signEvmTransaction',
      criteria: [
        { type: 'evmAddress', addresses: [FRIEND], operator: 'in' },
        { type: 'ethValue', ethValue: parseEther('0.1').toString(), operator: '<=' },
      ],
    },
    ...noBackDoors,
  ],
};

const tokenCap: CreatePolicyBody = {
  scope: 'account',
  description: 'Up to 100 USDC to friends',
  rules: [
    {
      action: 'accept',
      operation: 'signEvmTransaction',
      criteria: [
        { type: 'evmAddress', addresses: [USDC], operator: 'in' },
        { type: 'ethValue', ethValue: '0', operator: '==' },
        {
          type: 'evmData',
          abi: 'erc20',
          conditions: [
            {
              function: 'transfer',
              params: [
                { name: 'to', operator: 'in', values: [FRIEND] },
                { name: 'value', operator: '<=', value: parseUnits('100', 6).toString() },
              ],
            },
          ],
        },
      ],
    },
    ...noBackDoors,
  ],
};

const payment = (to: Hex, value: bigint, data: Hex = '0x') =>
  serializeTransaction({
    chainId: 8453,
    nonce: 0,
    to,
    value,
    data,
    gas: 100_000n,
    maxFeePerGas: 1_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
  });
const tokens = (to: Hex, amount: string) =>
  payment(
    USDC,
    0n,
    encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, parseUnits(amount, 6)] }),
  );

async function accountUnder(policy: CreatePolicyBody) {
  const { id } = await cdp.policies.createPolicy({ policy });
  const { address } = await cdp.evm.createAccount({ accountPolicy: id });
  return {
    address,
    accepts: (transaction: Hex) => cdp.evm.signTransaction({ address, transaction }),
    async rejects(transaction: Hex) {
      await assert.rejects(cdp.evm.signTransaction({ address, transaction }), {
        statusCode: 403,
        errorType: 'policy_violation',
      });
    },
  };
}

const capped = await accountUnder(allowListWithCap);
await capped.accepts(payment(FRIEND, parseEther('0.1')));
await capped.rejects(payment(FRIEND, parseEther('0.1') + 1n));
await capped.rejects(payment(STRANGER, 1n));
console.log('allow-list and value cap hold');

const hash = `0x${'11'.repeat(32)}` as const;
await assert.rejects(cdp.evm.signHash({ address: capped.address, hash }), { errorType: 'policy_violation' });
console.log('raw hashes are blocked');

const ofTokens = await accountUnder(tokenCap);
await ofTokens.accepts(tokens(FRIEND, '100'));
await ofTokens.rejects(tokens(FRIEND, '100.000001'));
await ofTokens.rejects(tokens(STRANGER, '1'));
await ofTokens.rejects(payment(FRIEND, 1n));
console.log('token cap holds');
