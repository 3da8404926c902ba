import { SOLANA_NETWORKS } from '@strongroom/shared/api/networks';
import { type PolicyAction, type PolicyRule, policyRule } from '@strongroom/shared/api/policy';
import fc from 'fast-check';
import * as v from 'valibot';
import type { Hex } from 'viem';
import {
  type DescribedCall,
  type DescribedInstruction,
  type DescribedRequest,
  OTHER_PROGRAM,
} from './policy-reference.ts';
import { typedDataArbitraries } from './policy-typed-data.ts';

export const parties = [1, 2, 3].map((digit): Hex => `0x${`${digit}a`.repeat(20)}`);
const keys = [
  'EeVPcnRE1mhcY85wAh3uPJG1uFiTNya9dCJjNUPABXzo',
  'DtdSSG8ZJRZVv5Jx7K1MeWp7Zxcu19GD5wQRGRpQ9uMF',
  '9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM',
];
export const programs = [
  '11111111111111111111111111111111',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  OTHER_PROGRAM,
];
export const networks = ['base', 'base-sepolia', 'ethereum'] as const;

// Few values, so that rules and requests meet.
export const party = fc.constantFrom(...parties);
const key = fc.constantFrom(...keys);
const amount = fc.bigInt({ min: 0n, max: 4n });
const comparison = fc.constantFrom('>', '>=', '<', '<=', '==');
const membership = fc.constantFrom('in', 'not in');
const listOf = (entry: fc.Arbitrary<string>) => fc.uniqueArray(entry, { minLength: 1, maxLength: 2 });
const text = fc.stringMatching(/^[ab1 ]{0,6}$/);
const pattern = fc.constantFrom('^a', 'b$', 'a+b', '[0-9]', '^$', '(?:ab|1)+', '^[^b]*$', 'a{2,3}');

const amountParam = fc.record({
  name: fc.constantFrom('value', '1'),
  operator: comparison,
  value: amount.map(String),
});
const partyParam = (name: string) =>
  fc.record({ name: fc.constantFrom(name, '0'), operator: membership, values: listOf(party) });
const condition = fc.oneof(
  ...(['transfer', 'approve'] as const).map((name) =>
    fc
      .array(fc.oneof(amountParam, partyParam(name === 'transfer' ? 'to' : 'spender')), { maxLength: 2 })
      .map((params) => (params.length === 0 ? { function: name } : { function: name, params })),
  ),
);
export const callCriterion = fc.oneof(
  fc.record({ type: fc.constant('ethValue'), ethValue: amount.map(String), operator: comparison }),
  fc.record({ type: fc.constant('evmAddress'), addresses: listOf(party), operator: membership }),
  fc.record({
    type: fc.constant('evmData'),
    abi: fc.constant('erc20'),
    conditions: fc.array(condition, { minLength: 1, maxLength: 3 }),
  }),
);
export const networkCriterion = fc.record({
  type: fc.constant('evmNetwork'),
  networks: listOf(fc.constantFrom(...networks)),
  operator: membership,
});
const solCriterion = fc.oneof(
  fc.record({ type: fc.constant('solValue'), solValue: amount.map(String), operator: comparison }),
  fc.record({ type: fc.constant('splValue'), splValue: amount.map(String), operator: comparison }),
  ...['solAddress', 'splAddress', 'mintAddress'].map((type) =>
    fc.record({ type: fc.constant(type), addresses: listOf(key), operator: membership }),
  ),
  fc.record({
    type: fc.constant('solData'),
    idls: fc.constant(['SystemProgram']),
    conditions: fc.array(
      fc.record({
        instruction: fc.constant('transfer'),
        params: fc.array(
          fc.record({ name: fc.constant('lamports'), operator: comparison, value: amount.map(String) }),
          { minLength: 1, maxLength: 2 },
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  fc.record({
    type: fc.constant('programId'),
    programIds: listOf(fc.constantFrom(...programs)),
    operator: membership,
  }),
);
const messageCriterion = (type: string) => fc.record({ type: fc.constant(type), match: pattern });
const solNetworkCriterion = fc.record({
  type: fc.constant('solNetwork'),
  networks: listOf(fc.constantFrom(...SOLANA_NETWORKS)),
  operator: membership,
});
const typedData = typedDataArbitraries({ party, amount, text, pattern, comparison, membership });

export const action = fc.constantFrom<PolicyAction>('accept', 'reject');
export const ruleOf = (operation: string, criterion: fc.Arbitrary<unknown>) =>
  fc.record({
    action,
    operation: fc.constant(operation),
    criteria: fc.array(criterion, { minLength: 1, maxLength: 3 }),
  });
export const rule: fc.Arbitrary<PolicyRule> = fc
  .oneof(
    ruleOf('signEvmTransaction', callCriterion),
    ruleOf('sendEvmTransaction', fc.oneof(callCriterion, networkCriterion)),
    ruleOf('signEvmMessage', messageCriterion('evmMessage')),
    ruleOf('signEvmTypedData', typedData.criterion),
    ruleOf('signSolMessage', messageCriterion('solMessage')),
    ruleOf('signSolTransaction', solCriterion),
    ruleOf('sendSolTransaction', fc.oneof(solCriterion, solNetworkCriterion)),
    fc.record({ action, operation: fc.constant('signEvmHash') }),
  )
  .map((untrusted) => v.parse(policyRule, untrusted));
export const policy = fc.option(fc.array(rule, { minLength: 1, maxLength: 8 }), { freq: 4 });

export const call: fc.Arbitrary<DescribedCall> = fc.record({
  to: fc.option(party, { freq: 5 }),
  value: amount,
  data: fc.oneof(
    fc.constant({ kind: 'none' as const }),
    fc.constant({ kind: 'broken transfer' as const }),
    fc.record({ kind: fc.constantFrom('transfer' as const, 'approve' as const), party, amount }),
  ),
});
const instruction: fc.Arbitrary<DescribedInstruction> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('sol' as const), to: key, amount, isHidden: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('spl' as const),
      to: key,
      amount,
      mint: fc.option(key),
      isHidden: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'broken sol' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'other' as const }) },
);
const instructions = fc.array(instruction, { maxLength: 3 });
export const request: fc.Arbitrary<DescribedRequest> = fc.oneof(
  fc.record({ operation: fc.constant('signEvmTransaction' as const), call }),
  fc.record({
    operation: fc.constant('sendEvmTransaction' as const),
    call,
    network: fc.constantFrom(...networks),
  }),
  fc.constant({ operation: 'signEvmHash' as const }),
  fc.record({
    operation: fc.constantFrom('signEvmMessage' as const, 'signSolMessage' as const),
    message: text,
  }),
  fc.record({ operation: fc.constant('signEvmTypedData' as const), order: typedData.order }),
  fc.record({ operation: fc.constant('signSolTransaction' as const), instructions }),
  fc.record({
    operation: fc.constant('sendSolTransaction' as const),
    instructions,
    network: fc.constantFrom(...SOLANA_NETWORKS),
  }),
);
