import { hash } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { bytesOf, bytesUpTo, projectId, textUpTo, uint } from '@strongroom/shared/operations/fields';
import { type CborValue, decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import * as v from 'valibot';
import type { Digested } from './authority-record.ts';
import { recentTokensSchema } from './recent-tokens.ts';

const accountRecordSchema = v.strictObject({
  v: v.literal(1),
  projectId,
  version: v.pipe(uint, v.minValue(1)),
  previous: v.nullable(bytesOf(32)),
  family: v.picklist(['evm', 'solana']),
  curve: v.picklist(['secp256k1', 'ed25519']),
  /** EIP-55 or base58. */
  address: textUpTo(64),
  /** 33 bytes compressed secp256k1, or 32 bytes Ed25519. */
  publicKey: bytesUpTo(33),
  /** Where the wallet key lies in the vault database, 16 random bytes. */
  vaultId: bytesOf(16),
  origin: v.picklist(['created', 'imported']),
  name: v.nullable(textUpTo(36)),
  policyId: v.nullable(textUpTo(36)),
  createdAtMs: uint,
  updatedAtMs: uint,
  recentTokens: recentTokensSchema,
});

/** An account as its project's client last left it. Sealed, versioned, chained. */
export type AccountRecord = v.InferOutput<typeof accountRecordSchema>;

export function encodeAccountRecord(record: AccountRecord): Uint8Array {
  return encodeCbor(record as CborValue);
}

/** @throws OperationError RECORD_MISMATCH when it is not a record of this version of the format */
export function decodeAccountRecord(plaintext: Uint8Array): Digested<AccountRecord> {
  const parsed = v.safeParse(accountRecordSchema, decodeCbor(plaintext));
  if (!parsed.success) throw new OperationError('RECORD_MISMATCH');
  return { record: parsed.output, digest: hash('sha256', plaintext, 'buffer') };
}
