import type { PolicyCriterion } from '@strongroom/shared/api/policy';
import fc from 'fast-check';
import { parseTypedData, type TypedData } from '../../src/evm/typed-data.ts';

// Typed data for the property tests of policies: described, encoded as a client sends it, and judged by the plain reference.

/** [must hold, may hold, rejects whatever the rule's action] */
export type Truth = readonly [must: boolean, may: boolean, isInvalid: boolean];
export const sure = (isTrue: boolean): Truth => [isTrue, isTrue, false];
export const unknown: Truth = [false, true, false];
const invalid: Truth = [false, true, true];

export interface DescribedOrder {
  /** Of the rule's type; of its name with other fields; of another name. */
  readonly kind: 'order' | 'other fields' | 'other name';
  readonly contract: string | null;
  readonly price: bigint;
  readonly to: string;
  readonly note: string;
}

const FIELDS = [
  { name: 'price', type: 'uint256' },
  { name: 'to', type: 'address' },
  { name: 'note', type: 'string' },
];
const ORDER = { types: { Order: FIELDS }, primaryType: 'Order' };
const CONTRACT = [{ name: 'verifyingContract', type: 'address' }];

/** What the client sends. */
export function orderBody({ kind, contract, price, to, note }: DescribedOrder) {
  const primaryType = kind === 'other name' ? 'Bid' : 'Order';
  const fields = kind === 'other fields' ? [{ name: 'price', type: 'uint128' }, ...FIELDS.slice(1)] : FIELDS;
  return {
    domain: contract === null ? {} : { verifyingContract: contract },
    types: { [primaryType]: fields, EIP712Domain: contract === null ? [] : CONTRACT },
    primaryType,
    message: { price: `${price}`, to, note },
  };
}

/** The same, as the enclave reads it. */
export function encodeOrder(order: DescribedOrder): TypedData {
  return parseTypedData(orderBody(order));
}

/** What a criterion says of an order, without any code of policy/. */
export function orderTruth(
  criterion: PolicyCriterion,
  { kind, contract, price, to, note }: DescribedOrder,
): Truth {
  if (criterion.type === 'evmTypedDataVerifyingContract') {
    if (contract === null) return criterion.operator === 'in' ? sure(false) : unknown;
    return sure(criterion.addresses.includes(contract) === (criterion.operator === 'in'));
  }
  if (criterion.type !== 'evmTypedDataField') throw new Error(`not of typed data: ${criterion.type}`);
  if (kind === 'other name') return sure(false);
  if (kind === 'other fields') return unknown;
  const answers = criterion.conditions.map((condition) => {
    if ('match' in condition)
      return condition.path === 'note' ? new RegExp(condition.match, 'u').test(note) : 'invalid';
    if ('addresses' in condition) {
      if (condition.path !== 'to') return 'invalid';
      return condition.addresses.includes(to) === (condition.operator === 'in');
    }
    if (condition.path !== 'price') return 'invalid';
    const limit = BigInt(condition.value);
    const truths = { '<': price < limit, '>': price > limit, '==': price === limit };
    if (condition.operator === '<=') return truths['<'] || truths['=='];
    if (condition.operator === '>=') return truths['>'] || truths['=='];
    return truths[condition.operator];
  });
  return answers.includes('invalid') ? invalid : sure(!answers.includes(false));
}

interface Values {
  readonly party: fc.Arbitrary<string>;
  readonly amount: fc.Arbitrary<bigint>;
  readonly text: fc.Arbitrary<string>;
  readonly pattern: fc.Arbitrary<string>;
  readonly comparison: fc.Arbitrary<string>;
  readonly membership: fc.Arbitrary<string>;
}

/** Criteria and orders out of the same few values, so that they meet. Now and then a path is not of its kind, or of nothing. */
export function typedDataArbitraries({ party, amount, text, pattern, comparison, membership }: Values) {
  const path = (right: string) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.constant(right) },
      { weight: 1, arbitrary: fc.constantFrom('price', 'to', 'note', 'absent', 'note.length', 'to[0]') },
    );
  const addresses = fc.uniqueArray(party, { minLength: 1, maxLength: 2 });
  const condition = fc.oneof(
    fc.record({ path: path('price'), operator: comparison, value: amount.map(String) }),
    fc.record({ path: path('to'), operator: membership, addresses }),
    fc.record({ path: path('note'), match: pattern }),
  );
  const criterion = fc.oneof(
    fc.record({ type: fc.constant('evmTypedDataVerifyingContract'), addresses, operator: membership }),
    fc.record({
      type: fc.constant('evmTypedDataField'),
      types: fc.constant(ORDER),
      conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
    }),
  );
  const order: fc.Arbitrary<DescribedOrder> = fc.record({
    kind: fc.oneof(
      { weight: 3, arbitrary: fc.constant('order' as const) },
      { weight: 2, arbitrary: fc.constantFrom('other fields' as const, 'other name' as const) },
    ),
    contract: fc.option(party, { freq: 5 }),
    price: amount,
    to: party,
    note: text,
  });
  return { criterion, order };
}
