import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { MAX_CRITERIA, MAX_RULES, policyCreateBody, policyUpdateBody } from './policy.ts';

const address = '0x742d35Cc6634C0532925a3b844Bc454e4438f44e';
const ethValue = { type: 'ethValue', ethValue: '1000000000000000000', operator: '<=' };
const rule = { action: 'accept', operation: 'signEvmTransaction', criteria: [ethValue] };

describe('policyCreateBody', () => {
  it('gives back what was sent', () => {
    const body = {
      scope: 'account',
      description: 'Limit USDC Spend',
      rules: [
        rule,
        {
          action: 'accept',
          operation: 'sendEvmTransaction',
          criteria: [
            { type: 'evmNetwork', networks: ['base'], operator: 'in' },
            { type: 'evmAddress', addresses: [address], operator: 'not in' },
            {
              type: 'evmData',
              abi: [
                {
                  type: 'function',
                  name: 'transfer',
                  inputs: [{ name: 'to', type: 'address', internalType: 'address' }],
                  outputs: [{ name: '', type: 'bool' }],
                  stateMutability: 'nonpayable',
                  gas: 5,
                },
                { type: 'event', name: 'Transfer', inputs: [], anonymous: false },
              ],
              conditions: [
                { function: 'transfer', params: [{ name: 'to', operator: 'in', values: [address] }] },
              ],
            },
          ],
        },
        { action: 'reject', operation: 'signEvmHash' },
        {
          action: 'accept',
          operation: 'signSolTransaction',
          criteria: [
            {
              type: 'solData',
              idls: [
                'SystemProgram',
                {
                  address: '11111111111111111111111111111111',
                  metadata: { name: 'x', version: '0.1.0' },
                  instructions: [
                    {
                      name: 'transfer',
                      discriminator: [1, 2, 3, 4, 5, 6, 7, 8],
                      args: [{ name: 'a', type: { vec: 'u8' }, docs: ['x'] }],
                      accounts: [{ name: 'to', writable: true }],
                    },
                  ],
                  types: [],
                },
              ],
              conditions: [{ instruction: 'transfer' }],
            },
          ],
        },
      ],
    };
    expect(v.parse(policyCreateBody, structuredClone(body))).toEqual(body);
  });

  it('takes 1 to 100 rules of 1 to 10 criteria', () => {
    const accepts = (rules: unknown[]) => v.is(policyCreateBody, { scope: 'project', rules });
    const withCriteria = (count: number) => ({ ...rule, criteria: Array(count).fill(ethValue) });
    expect(accepts(Array(MAX_RULES).fill(rule))).toBe(true);
    expect(accepts(Array(MAX_RULES + 1).fill(rule))).toBe(false);
    expect(accepts([])).toBe(false);
    expect(accepts([withCriteria(MAX_CRITERIA)])).toBe(true);
    expect(accepts([withCriteria(MAX_CRITERIA + 1)])).toBe(false);
    expect(accepts([withCriteria(0)])).toBe(false);
  });

  it.each([
    ['netUSDChange', { type: 'netUSDChange', changeCents: 100, operator: '>' }],
    ['not allowed for the operation signEvmTransaction', { type: 'solValue', solValue: '1', operator: '>' }],
  ])('explains that %s is refused', (text, criterion) => {
    const result = v.safeParse(policyCreateBody, {
      scope: 'account',
      rules: [{ ...rule, criteria: [criterion] }],
    });
    expect(result.issues?.[0].message).toContain(text);
  });

  it('explains that operations of end users are refused', () => {
    const operation = 'signEndUserEvmHash';
    const result = v.safeParse(policyCreateBody, {
      scope: 'project',
      rules: [{ action: 'reject', operation }],
    });
    expect(result.issues?.[0].message).toContain('end users');
  });
});

describe('policyUpdateBody', () => {
  it('has no scope', () => {
    expect(v.is(policyUpdateBody, { rules: [rule] })).toBe(true);
    expect(v.is(policyUpdateBody, { scope: 'account', rules: [rule] })).toBe(false);
  });
});
