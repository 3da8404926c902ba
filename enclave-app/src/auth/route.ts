import type { OperationName } from '@strongroom/shared/operations/registry';
import { type ChainKeys, EVM_KEYS, SOLANA_KEYS } from '../keys/chain-key.ts';

/** The operation that a verified method and path stand for, and what the path names. */
export interface Route {
  readonly operation: OperationName;
  /** The account in the path, in its canonical spelling. */
  readonly address: string | null;
  /** An account by name, for export. */
  readonly name: string | null;
  /** The smart account in the path, in its canonical spelling. */
  readonly smartAccount: string | null;
  /** A policy or API key by id. */
  readonly id: string | null;
}

interface Pattern {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: OperationName;
  readonly keys: ChainKeys | null;
}

const EVM = '/v2/evm/accounts';
const SOLANA = '/v2/solana/accounts';
const EVM_ADDRESS = '/(?<address>0x[0-9a-fA-F]{40})';
const SOLANA_ADDRESS = '/(?<address>[1-9A-HJ-NP-Za-km-z]{32,44})';
const SMART = '/v2/evm/smart-accounts/(?<smartAccount>0x[0-9a-fA-F]{40})';
const BY_NAME = '/export/by-name/(?<name>[A-Za-z0-9-]{2,36})';
const POLICIES = '/v2/policy-engine/policies';
const FACTORS = '/v2/enclave/factors';
const ID = '/(?<id>[A-Za-z0-9-]{1,64})';
/** Ids of the older form have slashes; clients that escape path segments write them as %2F. */
const API_KEY_ID = '/(?<id>(?:[A-Za-z0-9_/-]|%2F){1,136})';

/** The enclave's own reading of the API. The parent's word for an operation has to agree with it. */
const PATTERNS: readonly Pattern[] = [
  pattern('POST', EVM, 'create-evm-account', EVM_KEYS),
  pattern('POST', `${EVM}/import`, 'import-evm-account', EVM_KEYS),
  pattern('POST', `${EVM}${BY_NAME}`, 'export-evm-account', EVM_KEYS),
  pattern('POST', `${EVM}${EVM_ADDRESS}/export`, 'export-evm-account', EVM_KEYS),
  pattern('PUT', `${EVM}${EVM_ADDRESS}`, 'update-evm-account', EVM_KEYS),
  pattern('POST', `${EVM}${EVM_ADDRESS}/sign`, 'sign-evm-hash', EVM_KEYS),
  pattern('POST', `${EVM}${EVM_ADDRESS}/sign/message`, 'sign-evm-message', EVM_KEYS),
  pattern('POST', `${EVM}${EVM_ADDRESS}/sign/typed-data`, 'sign-evm-typed-data', EVM_KEYS),
  pattern('POST', `${EVM}${EVM_ADDRESS}/sign/transaction`, 'sign-evm-transaction', EVM_KEYS),
  pattern('POST', `${EVM}${EVM_ADDRESS}/send/transaction`, 'send-evm-transaction', EVM_KEYS),
  pattern('POST', `${EVM}${EVM_ADDRESS}/eip7702/delegation`, 'delegate-evm-account', EVM_KEYS),
  pattern('POST', `${SMART}/user-operations`, 'judge-user-operation', EVM_KEYS),
  pattern('POST', `${SMART}/user-operations/prepare-and-send`, 'prepare-and-send-user-operation', EVM_KEYS),
  pattern('POST', `${SMART}/spend-permissions`, 'create-spend-permission', EVM_KEYS),
  pattern('POST', `${SMART}/spend-permissions/revoke`, 'revoke-spend-permission', EVM_KEYS),
  pattern('POST', SOLANA, 'create-solana-account', SOLANA_KEYS),
  pattern('POST', `${SOLANA}/import`, 'import-solana-account', SOLANA_KEYS),
  pattern('POST', `${SOLANA}${BY_NAME}`, 'export-solana-account', SOLANA_KEYS),
  pattern('POST', `${SOLANA}${SOLANA_ADDRESS}/export`, 'export-solana-account', SOLANA_KEYS),
  pattern('PUT', `${SOLANA}${SOLANA_ADDRESS}`, 'update-solana-account', SOLANA_KEYS),
  pattern('POST', `${SOLANA}${SOLANA_ADDRESS}/sign/message`, 'sign-solana-message', SOLANA_KEYS),
  pattern('POST', `${SOLANA}${SOLANA_ADDRESS}/sign/transaction`, 'sign-solana-transaction', SOLANA_KEYS),
  pattern('POST', `${SOLANA}/send/transaction`, 'send-solana-transaction', SOLANA_KEYS),
  pattern('POST', POLICIES, 'create-policy', null),
  pattern('PUT', `${POLICIES}${ID}`, 'update-policy', null),
  pattern('DELETE', `${POLICIES}${ID}`, 'delete-policy', null),
  pattern('POST', '/v2/policy-engine/evaluate', 'evaluate-policy', null),
  pattern('PUT', '/v2/enclave/project-settings', 'update-project-settings', null),
  pattern('POST', '/v2/enclave/api-keys', 'add-api-key', null),
  pattern('DELETE', `/v2/enclave/api-keys${API_KEY_ID}`, 'revoke-api-key', null),
  pattern('POST', '/v2/enclave/wallet-secrets', 'add-wallet-secret', null),
  pattern('DELETE', `/v2/enclave/wallet-secrets${ID}`, 'revoke-wallet-secret', null),
  pattern('PUT', '/v2/enclave/recovery-key', 'set-recovery-key', null),
  pattern('DELETE', '/v2/enclave/recovery-key', 'remove-recovery-key', null),
  pattern('POST', '/v2/enclave/recoveries', 'start-recovery', null),
  pattern('DELETE', `/v2/enclave/recoveries${ID}`, 'veto-recovery', null),
  pattern('POST', `/v2/enclave/recoveries${ID}/completion`, 'complete-recovery', null),
  pattern('POST', `${FACTORS}/passkeys`, 'add-passkey', null),
  pattern('DELETE', `${FACTORS}/passkeys${ID}`, 'remove-passkey', null),
  pattern('POST', `${FACTORS}/totp`, 'add-totp', null),
  pattern('DELETE', `${FACTORS}/totp`, 'remove-totp', null),
  pattern('PUT', `${FACTORS}/recovery-codes`, 'set-recovery-codes', null),
  pattern('PUT', `${FACTORS}/requirements`, 'set-factor-requirements', null),
];

function pattern(method: string, path: string, operation: OperationName, keys: ChainKeys | null): Pattern {
  // Coinbase's own base path ends in /platform, and clients may keep it.
  return { method, path: new RegExp(`^(?:/platform)?${path}$`), operation, keys };
}

/**
 * @returns null when no operation of a wallet has this method and path
 * @throws EvmError, SolanaError INVALID_ADDRESS
 */
export function findRoute(method: string, path: string): Route | null {
  for (const { method: expected, path: expression, operation, keys } of PATTERNS) {
    if (expected !== method) continue;
    const match = expression.exec(path);
    if (match === null) continue;
    const { address = null, smartAccount = null, name = null, id = null } = match.groups ?? {};
    return {
      operation,
      address: address === null || keys === null ? null : keys.canonicalAddress(address),
      smartAccount: smartAccount === null ? null : EVM_KEYS.canonicalAddress(smartAccount),
      name,
      id: id?.replaceAll('%2F', '/') ?? null,
    };
  }
  return null;
}
