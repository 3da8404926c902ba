import { hash, sign } from 'node:crypto';
import { type CborValue, encodeCbor } from '@strongroom/shared/wire/cbor';
import type { ApiKey, WalletSecret } from './credentials.ts';

/** What the client decides at a project's birth; all of it is under its signature. */
export interface ProjectChoices {
  /** `host[:port]` that the client dials; tokens for any other are refused. */
  readonly authorities: readonly string[];
  /** Whether an API key alone may change policies, as the CDP SDK does, or only the Wallet Secret. */
  readonly policyAuthority: 'wallet' | 'api-key';
  readonly exportAllowed: boolean;
  /** What one sent EVM transaction may cost in fees at most, in the network's smallest unit; decimal. */
  readonly maxFeeWei?: string;
  /** What the first API key may do. */
  readonly scopes: readonly string[];
}

/** 0.05 of a network's native token: 500,000 gas at 100 gwei. */
export const DEFAULT_MAX_FEE_WEI = '50000000000000000';

export interface GenesisParameters {
  readonly deploymentId: Uint8Array;
  /** Issued by the enclave, 32 bytes. */
  readonly nonce: Uint8Array;
  readonly walletSecret: WalletSecret;
  readonly apiKey: ApiKey;
  readonly choices: ProjectChoices;
}

const ES256_HEADER = Uint8Array.of(0xa1, 0x01, 0x26);

/**
 * Signs a project's whole initial record with its new Wallet Secret: COSE_Sign1, ES256 (RFC 9052 section 4.4).
 * The project id is SHA-256 of the signed payload.
 */
export function signProjectGenesis({
  deploymentId,
  nonce,
  walletSecret,
  apiKey,
  choices,
}: GenesisParameters): {
  readonly genesis: Uint8Array;
  readonly projectId: Uint8Array;
} {
  const { authorities, policyAuthority, exportAllowed, scopes, maxFeeWei = DEFAULT_MAX_FEE_WEI } = choices;
  const payload = encodeCbor({
    type: 'strongroom/project-genesis/v1',
    deploymentId,
    nonce,
    walletSecret: walletSecret.publicKey,
    apiKeys: [
      {
        id: apiKey.id,
        algorithm: apiKey.algorithm,
        publicKey: apiKey.publicKey,
        scopes: [...scopes],
        expiresAtMs: null,
        allowedIps: [],
      },
    ],
    authorities: [...authorities],
    policyAuthority,
    exportAllowed,
    maxFeeWei,
  } satisfies CborValue);
  const input = encodeCbor(['Signature1', ES256_HEADER, new Uint8Array(0), payload]);
  const signature = sign('sha256', input, { key: walletSecret.privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    genesis: encodeCbor([ES256_HEADER, {}, payload, signature]),
    projectId: hash('sha256', payload, 'buffer'),
  };
}
