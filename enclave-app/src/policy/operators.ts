import type { ComparisonOperator, MembershipOperator } from '@strongroom/shared/api/policy-evm';

/** Applies `left OP right`. */
export function compare<T extends bigint | number>(left: T, operator: ComparisonOperator, right: T): boolean {
  switch (operator) {
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '==':
      return left === right;
  }
}

export function isMember<T>(entries: ReadonlySet<T>, operator: MembershipOperator, value: T): boolean {
  return entries.has(value) === (operator === 'in');
}

/** Bytes as a key for sets: lower-case hex. */
export function bytesKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
