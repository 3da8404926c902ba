import { hash } from 'node:crypto';
import { API_KEY_SCOPES } from '@strongroom/shared/api/api-key-body';
import { authority, maxFeeWei } from '@strongroom/shared/api/project-settings-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import {
  bytesOf,
  bytesUpTo,
  type ProjectView,
  projectId,
  textUpTo,
  uint,
} from '@strongroom/shared/operations/fields';
import { type CborValue, decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import * as v from 'valibot';
import { factorsSchema } from './factors.ts';
import { recentTokensSchema } from './recent-tokens.ts';

export const apiKeySchema = v.strictObject({
  id: v.pipe(textUpTo(128), v.minLength(1)),
  algorithm: v.picklist(['EdDSA', 'ES256']),
  /** SubjectPublicKeyInfo, DER. */
  publicKey: bytesUpTo(128),
  scopes: v.pipe(v.array(v.picklist(API_KEY_SCOPES)), v.maxLength(API_KEY_SCOPES.length)),
  /** When the key stops to count. */
  expiresAtMs: v.nullable(uint),
  /** Addresses and CIDR blocks that may use it; empty for all. The proxy enforces it: only it sees addresses. */
  allowedIps: v.pipe(v.array(v.pipe(textUpTo(49), v.regex(/^[0-9a-f.:]+(?:\/\d{1,3})?$/))), v.maxLength(32)),
});

export const walletSecretSchema = v.strictObject({
  /** SubjectPublicKeyInfo of a P-256 key, DER, 91 bytes. */
  publicKey: bytesOf(91),
  state: v.picklist(['active', 'retiring']),
  /** When a retiring secret stops to count. */
  notAfterMs: v.nullable(uint),
});

const policyReferenceSchema = v.strictObject({
  id: textUpTo(36),
  scope: v.picklist(['project', 'account']),
  version: v.pipe(uint, v.minValue(1)),
  /** SHA-256 of the policy document's bytes. */
  digest: bytesOf(32),
});

const recoverySchema = v.strictObject({
  /** Raw Ed25519 public key that the passphrase is stretched to. */
  publicKey: bytesOf(32),
  /** How; the client needs it to come to the same key, and a later key may not be cheaper to guess. */
  stretching: v.strictObject({ memoryKiB: uint, passes: uint, parallelism: uint }),
  waitingPeriodMs: uint,
  /** When the last recoveries were started, so that nobody can start them without end. */
  startedAtMs: v.pipe(v.array(uint), v.maxLength(8)),
  pending: v.nullable(
    v.strictObject({
      /** First 16 bytes of SHA-256 over what the recovery key signed. */
      id: bytesOf(16),
      walletSecret: bytesOf(91),
      apiKey: v.nullable(apiKeySchema),
      startedAtMs: uint,
      completableAtMs: uint,
    }),
  ),
});

const authorityRecordSchema = v.strictObject({
  v: v.literal(1),
  projectId,
  version: v.pipe(uint, v.minValue(1)),
  /** Digest of the record that this one replaces; null for version 1. */
  previous: v.nullable(bytesOf(32)),
  walletSecrets: v.pipe(v.array(walletSecretSchema), v.minLength(1), v.maxLength(8)),
  apiKeys: v.pipe(v.array(apiKeySchema), v.maxLength(64)),
  authorities: v.pipe(v.array(authority), v.minLength(1), v.maxLength(16)),
  policyAuthority: v.picklist(['wallet', 'api-key']),
  exportAllowed: v.boolean(),
  maxFeeWei,
  policies: v.pipe(v.array(policyReferenceSchema), v.maxLength(1000)),
  recentTokens: recentTokensSchema,
  /** Null, or left out by records from before there were recoveries, for a project that has no passphrase. */
  recovery: v.optional(v.nullable(recoverySchema), null),
  /** Likewise, for a project that has no second factors. */
  factors: v.optional(v.nullable(factorsSchema), null),
});

/** What a project's client has decided; the only thing the enclave acts on. Sealed, versioned, chained. */
export type AuthorityRecord = v.InferOutput<typeof authorityRecordSchema>;

/** The recovery key of a project, and the recovery that waits. */
export type Recovery = v.InferOutput<typeof recoverySchema>;

/** A record with the digest by which chain and marks know it: SHA-256 of its canonical CBOR, 32 bytes. */
export interface Digested<Record> {
  readonly record: Record;
  readonly digest: Uint8Array;
}

export function encodeAuthorityRecord(record: AuthorityRecord): Uint8Array {
  return encodeCbor(record as CborValue);
}

/**
 * Decodes an opened authority record.
 * @throws OperationError RECORD_MISMATCH when it is not a record of this version of the format
 */
export function decodeAuthorityRecord(plaintext: Uint8Array): Digested<AuthorityRecord> {
  const parsed = v.safeParse(authorityRecordSchema, decodeCbor(plaintext));
  if (!parsed.success) throw new OperationError('RECORD_MISMATCH');
  return { record: parsed.output, digest: hash('sha256', plaintext, 'buffer') };
}

/** The columns that the proxy keeps in the clear to authenticate API keys. */
export function projectViewOf({ apiKeys, authorities }: AuthorityRecord): ProjectView {
  return { apiKeys, authorities };
}
