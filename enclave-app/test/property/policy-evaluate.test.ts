import {
  AccountRole,
  type Address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  compressTransactionMessageUsingAddressLookupTables,
  createTransactionMessage,
  type Instruction,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import type { PolicyAction, PolicyCriterion, PolicyRule } from '@strongroom/shared/api/policy';
import { policyRule } from '@strongroom/shared/api/policy';
import fc from 'fast-check';
import * as v from 'valibot';
import { encodeFunctionData, erc20Abi, type Hex, serializeTransaction } from 'viem';
import { describe, expect, it } from 'vitest';
import { parseHex } from '../../src/evm/hex.ts';
import { decodeUnsignedTransaction } from '../../src/evm/transaction.ts';
import { compilePolicy } from '../../src/policy/compile-policy.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import type { RequestUnit } from '../../src/policy/request-unit.ts';
import { decodeSolanaMessage } from '../../src/solana/message.ts';
import {
  type DescribedCall,
  type DescribedInstruction,
  type DescribedRequest,
  OTHER_PROGRAM,
  referenceVerdict,
} from './policy-reference.ts';

const parties = [1, 2, 3].map((digit): Hex => `0x${`${digit}a`.repeat(20)}`);
const keys = [
  'EeVPcnRE1mhcY85wAh3uPJG1uFiTNya9dCJjNUPABXzo',
  'DtdSSG8ZJRZVv5Jx7K1MeWp7Zxcu19GD5wQRGRpQ9uMF',
  '9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM',
];
const programs = [
  '11111111111111111111111111111111',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  OTHER_PROGRAM,
];
const table = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU' as Address;
const payer = '4wBqpZM9xaSheZzJSMawUKKwhdpChKbZ5eu5ky4Vigw' as Address;
const networks = ['base', 'base-sepolia', 'ethereum'] as const;

// Few values, so that rules and requests meet.
const party = fc.constantFrom(...parties);
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
const callCriterion = fc.oneof(
  fc.record({ type: fc.constant('ethValue'), ethValue: amount.map(String), operator: comparison }),
  fc.record({ type: fc.constant('evmAddress'), addresses: listOf(party), operator: membership }),
  fc.record({
    type: fc.constant('evmData'),
    abi: fc.constant('erc20'),
    conditions: fc.array(condition, { minLength: 1, maxLength: 3 }),
  }),
);
const networkCriterion = fc.record({
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
    type: fc.constant('programId'),
    programIds: listOf(fc.constantFrom(...programs)),
    operator: membership,
  }),
);
const messageCriterion = fc.record({ type: fc.constant('evmMessage'), match: pattern });

const action = fc.constantFrom<PolicyAction>('accept', 'reject');
const ruleOf = (operation: string, criterion: fc.Arbitrary<unknown>) =>
  fc.record({
    action,
    operation: fc.constant(operation),
    criteria: fc.array(criterion, { minLength: 1, maxLength: 3 }),
  });
const rule: fc.Arbitrary<PolicyRule> = fc
  .oneof(
    ruleOf('signEvmTransaction', callCriterion),
    ruleOf('sendEvmTransaction', fc.oneof(callCriterion, networkCriterion)),
    ruleOf('signEvmMessage', messageCriterion),
    ruleOf('signSolTransaction', solCriterion),
    fc.record({ action, operation: fc.constant('signEvmHash') }),
  )
  .map((untrusted) => v.parse(policyRule, untrusted));
const policy = fc.option(fc.array(rule, { minLength: 1, maxLength: 8 }), { freq: 4 });

const call: fc.Arbitrary<DescribedCall> = fc.record({
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
const request: fc.Arbitrary<DescribedRequest> = fc.oneof(
  fc.record({ operation: fc.constant('signEvmTransaction' as const), call }),
  fc.record({
    operation: fc.constant('sendEvmTransaction' as const),
    call,
    network: fc.constantFrom(...networks),
  }),
  fc.constant({ operation: 'signEvmHash' as const }),
  fc.record({ operation: fc.constant('signEvmMessage' as const), message: text }),
  fc.record({
    operation: fc.constant('signSolTransaction' as const),
    instructions: fc.array(instruction, { maxLength: 3 }),
  }),
);

function calldata({ data }: DescribedCall): Hex {
  switch (data.kind) {
    case 'none':
      return '0x';
    case 'broken transfer':
      return `${encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [parties[0] as Hex, 1n] })}00`;
    default:
      return encodeFunctionData({
        abi: erc20Abi,
        functionName: data.kind,
        args: [data.party as Hex, data.amount],
      });
  }
}

function encodeCall(described: DescribedCall) {
  const serialized = serializeTransaction({
    type: 'eip1559',
    chainId: 1,
    to: described.to as Hex | null,
    value: described.value,
    data: calldata(described),
  });
  return decodeUnsignedTransaction(parseHex(serialized));
}

const u64 = (value: bigint) => [...new Uint8Array(BigUint64Array.of(value).buffer)];

function encodeInstruction(described: DescribedInstruction): Instruction {
  const account = (address: string) => ({ address: address as Address, role: AccountRole.WRITABLE });
  const build = (program: number, accounts: string[], data: number[]): Instruction => ({
    programAddress: programs[program] as Address,
    accounts: accounts.map(account),
    data: Uint8Array.from(data),
  });
  switch (described.kind) {
    case 'sol':
      return build(0, [payer, described.to], [2, 0, 0, 0, ...u64(described.amount)]);
    case 'spl':
      return described.mint === null
        ? build(1, [payer, described.to, payer], [3, ...u64(described.amount)])
        : build(1, [payer, described.mint, described.to, payer], [12, ...u64(described.amount), 6]);
    case 'broken sol':
      return build(0, [payer], [2, 0, 0, 0]);
    case 'other':
      return build(2, [], [1]);
  }
}

/** Hides the recipients that the description hides; a key is then hidden wherever it occurs, so only unshared ones are. */
function encodeInstructions(instructions: readonly DescribedInstruction[]) {
  const message = appendTransactionMessageInstructions(
    instructions.map(encodeInstruction),
    setTransactionMessageLifetimeUsingBlockhash(
      { blockhash: payer as string as Blockhash, lastValidBlockHeight: 1n },
      setTransactionMessageFeePayer(payer, createTransactionMessage({ version: 0 })),
    ),
  );
  const hidden = instructions.flatMap((one) =>
    'isHidden' in one && one.isHidden ? [one.to as Address] : [],
  );
  const compressed = compressTransactionMessageUsingAddressLookupTables(message, { [table]: hidden });
  return decodeSolanaMessage(Uint8Array.from(compileTransaction(compressed).messageBytes));
}

/** A table hides a key in the whole transaction. */
function hideConsistently(instructions: readonly DescribedInstruction[]): DescribedInstruction[] {
  const hidden = new Set(instructions.flatMap((one) => ('isHidden' in one && one.isHidden ? [one.to] : [])));
  return instructions.map((one) => {
    if (one.kind === 'sol') return { ...one, isHidden: hidden.has(one.to) };
    if (one.kind !== 'spl') return one;
    return {
      ...one,
      isHidden: hidden.has(one.to),
      mint: one.mint !== null && hidden.has(one.mint) ? null : one.mint,
    };
  });
}

function encode(described: DescribedRequest): RequestUnit {
  switch (described.operation) {
    case 'signEvmTransaction':
    case 'sendEvmTransaction':
      return { ...described, call: encodeCall(described.call) };
    case 'signSolTransaction':
      return { operation: described.operation, transaction: encodeInstructions(described.instructions) };
    default:
      return described;
  }
}

function describeForReference(described: DescribedRequest): DescribedRequest {
  if (described.operation !== 'signSolTransaction') return described;
  return { ...described, instructions: hideConsistently(described.instructions) };
}

const decide = (project: PolicyRule[] | null, account: PolicyRule[] | null, unit: RequestUnit) =>
  evaluate(
    {
      project: project === null ? null : compilePolicy('project', project),
      account: account === null ? null : compilePolicy('account', account),
    },
    unit,
  );

describe('evaluate', () => {
  it('agrees with the reference evaluator', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(policy, policy, request, (project, account, described) => {
        const verdict = decide(project, account, encode(described));
        const reference = referenceVerdict(project, account, describeForReference(described));
        expect(verdict.kind).toBe(reference);
        const kind = `${described.operation} ${verdict.kind} ${verdict.reason}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }),
      { numRuns: 10_000 },
    );
    // Five operations with each of four reasons, save that a rule for signEvmHash, without criteria, always matches.
    expect(seen.size).toBe(19);
  });

  it('does not depend on the order of rules and criteria', () => {
    const shuffled = policy.chain((rules) => {
      const reordered =
        rules === null
          ? fc.constant(null)
          : fc.shuffledSubarray(rules, { minLength: rules.length }).map((list) => list.map(reverseCriteria));
      return fc.tuple(fc.constant(rules), reordered);
    });
    fc.assert(
      fc.property(shuffled, shuffled, request, (project, account, described) => {
        const unit = encode(described);
        const { kind, reason } = decide(project[0], account[0], unit);
        expect(decide(project[1], account[1], unit)).toMatchObject({ kind, reason });
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts nothing that a reject rule of the policy in force matches', () => {
    fc.assert(
      fc.property(policy, rule, request, (rules, decisive, described) => {
        fc.pre(decisive.operation === described.operation);
        const unit = encode(described);
        const reject: PolicyRule = { ...decisive, action: 'reject' };
        fc.pre(decide([reject], null, unit).reason === 'rule_rejected');
        expect(decide([...(rules ?? []), reject], null, unit)).toMatchObject({ kind: 'reject' });
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts nothing more when a reject rule is added, and nothing less when an accept rule is', () => {
    fc.assert(
      fc.property(policy, rule, request, (rules, added, described) => {
        const before = rules ?? [{ action: 'reject', operation: described.operation } as PolicyRule];
        fc.pre(before.some(({ operation }) => operation === described.operation));
        const unit = encode(described);
        const was = decide(before, null, unit).kind;
        const is = decide([...before, added], null, unit).kind;
        if (added.action === 'reject') expect([was, is]).not.toEqual(['reject', 'accept']);
        else expect([was, is]).not.toEqual(['accept', 'reject']);
      }),
      { numRuns: 2000 },
    );
  });
});

function reverseCriteria(one: PolicyRule): PolicyRule {
  if (!('criteria' in one)) return one;
  const criteria: PolicyCriterion[] = one.criteria.toReversed();
  return { ...one, criteria } as PolicyRule;
}
