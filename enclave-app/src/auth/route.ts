import type { OperationName } from '@strongroom/shared/operations/registry';

/** The operation that a verified method and path stand for, and what the path names. */
export interface Route {
  readonly operation: OperationName;
  readonly address: string | null;
}

interface Pattern {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: OperationName;
}

const EVM_ACCOUNT = '/v2/evm/accounts/(?<address>0x[0-9a-fA-F]{40})';

/** The enclave's own reading of the API. The parent's word for an operation has to agree with it. */
const PATTERNS: readonly Pattern[] = [
  pattern('POST', '/v2/evm/accounts', 'create-evm-account'),
  pattern('PUT', EVM_ACCOUNT, 'update-evm-account'),
  pattern('POST', `${EVM_ACCOUNT}/sign`, 'sign-evm-hash'),
  pattern('POST', `${EVM_ACCOUNT}/sign/message`, 'sign-evm-message'),
  pattern('POST', `${EVM_ACCOUNT}/sign/typed-data`, 'sign-evm-typed-data'),
  pattern('POST', `${EVM_ACCOUNT}/sign/transaction`, 'sign-evm-transaction'),
];

function pattern(method: string, path: string, operation: OperationName): Pattern {
  // Coinbase's own base path ends in /platform, and clients may keep it.
  return { method, path: new RegExp(`^(?:/platform)?${path}$`), operation };
}

/** @returns null when no operation of a wallet has this method and path */
export function findRoute(method: string, path: string): Route | null {
  for (const candidate of PATTERNS) {
    if (candidate.method !== method) continue;
    const match = candidate.path.exec(path);
    if (match !== null) return { operation: candidate.operation, address: match.groups?.['address'] ?? null };
  }
  return null;
}
