// Certificates of operators' business, as an enclave issues them to the byte, and each of their fields missing, renamed or moved.
import { Buffer } from 'node:buffer';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { AttestationErrorCode } from '../../src/attestation-error.ts';
import { hex, map } from './cbor-writer.ts';
import { signCertificate } from './sign-certificate.ts';
import { Encoded, encode, entriesOf, type Value } from './strict-cbor-writer.ts';

type Fields = Readonly<Record<string, Value>>;
export type IssuedKind = 'backup' | 'drill' | 'transfer' | 'rotation' | 'deployment-rotation';

/** A certificate and what is to become of it. */
export interface IssuedCase {
  readonly kind: IssuedKind;
  readonly reason: string;
  readonly code: AttestationErrorCode | null;
  readonly bytes: Uint8Array;
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();
const lengthAndBytes = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(bytes.length), bytes]);

/** Of the deployment that signs: Ed25519 is deterministic, so whoever has the seed issues the same bytes. */
export const IDENTITY_SEED = Buffer.alloc(32, 0x51);
const identity = createPrivateKey({
  key: Buffer.concat([hex('302e020100300506032b657004220420'), IDENTITY_SEED]),
  format: 'der',
  type: 'pkcs8',
});
export const IDENTITY_KEY = Buffer.from(
  createPublicKey(identity).export({ type: 'spki', format: 'der' }),
).subarray(-32);

export const CONTENT_DIGEST = Buffer.alloc(32, 0x0c);
export const PROJECT_ID = Buffer.alloc(32, 0x0e);
export const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
export const PUBLIC_KEY = Buffer.concat([hex('02'), Buffer.alloc(32, 0x0a)]);

export const ACCOUNTS_DIGEST = sha256(lengthAndBytes(Buffer.from(ADDRESS)), lengthAndBytes(PUBLIC_KEY));
const deploymentId = sha256(IDENTITY_KEY);

const BACKUP: Fields = {
  type: 'strongroom/backup-certificate/v1',
  deploymentId,
  contentDigest: CONTENT_DIGEST,
  projects: 2,
  accounts: 300,
  rootRecordVersion: 3,
  securityEpoch: 1,
  certifiedAtMs: 1_788_264_000_000,
};
const DRILLED: Fields = { curve: 'secp256k1', address: ADDRESS };
const DRILL: Fields = {
  type: 'strongroom/drill-certificate/v1',
  deploymentId,
  contentDigest: CONTENT_DIGEST,
  projectId: PROJECT_ID,
  generations: [1, 2],
  accounts: [DRILLED],
  drilledAtMs: 1_788_264_000_000,
};
const EXPORT: Fields = {
  type: 'strongroom/transfer-receipt/v1',
  deploymentId,
  projectId: PROJECT_ID,
  transfer: 'export',
  curve: 'secp256k1',
  address: ADDRESS,
  publicKey: PUBLIC_KEY,
  recordVersion: 4,
  recordDigest: Buffer.alloc(32, 0x0d),
  recipientDigest: Buffer.alloc(32, 0x0f),
  issuedAtMs: 1_788_264_000_000,
};
const ROTATION: Fields = {
  type: 'strongroom/rotation-certificate/v1',
  deploymentId,
  projectId: PROJECT_ID,
  generation: 2,
  openGenerations: [1, 2],
  rootRecordVersion: 3,
  projects: 1,
  accounts: 1,
  accountsDigest: ACCOUNTS_DIGEST,
  startedAtMs: 1_788_264_000_000,
  completedAtMs: 1_788_264_001_000,
};

const issued = (kind: IssuedKind, reason: string, fields: Fields): IssuedCase => ({
  kind,
  reason,
  code: null,
  bytes: signCertificate(encode(fields), identity),
});

/** The fields with one of them left out, or under another name. */
function changesOf(fields: Fields): readonly (readonly [string, string, Fields])[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    const others = Object.fromEntries(Object.entries(fields).filter(([key]) => key !== field));
    return [
      [field, 'without', others],
      [field, 'renamed', { ...others, [`${field}2`]: value }],
    ] as const;
  });
}

const inReverse = (fields: Fields): Buffer => map(...[...entriesOf(fields)].reverse());

type Cases = Readonly<Record<string, IssuedCase>>;

/** What must be refused of one type, though the deployment signed it. */
function refused(kind: IssuedKind, fields: Fields): Cases {
  const changed = changesOf(fields).map(([field, change, payload]) => {
    const code = field === 'type' ? ('STATEMENT_TYPE' as const) : ('STATEMENT_MALFORMED' as const);
    return [`${kind}-${change}-${field}`, { ...issued(kind, `${field} ${change}`, payload), code }] as const;
  });
  const bytes = signCertificate(inReverse(fields), identity);
  const reordered = { kind, reason: 'fields in another order', code: 'CBOR_KEY_ORDER', bytes } as const;
  return { ...Object.fromEntries(changed), [`${kind}-reordered`]: reordered };
}

/** What must be refused of an account in a drill. */
function refusedInDrill(): Cases {
  const changed = changesOf(DRILLED).map(([field, change, account]) => {
    const reason = `an account's ${field} ${change}`;
    const value = { ...issued('drill', reason, { ...DRILL, accounts: [account] }) };
    return [`drill-account-${change}-${field}`, { ...value, code: 'STATEMENT_MALFORMED' as const }] as const;
  });
  const reordered = issued('drill', "an account's fields in another order", {
    ...DRILL,
    accounts: [new Encoded(inReverse(DRILLED))],
  });
  return {
    ...Object.fromEntries(changed),
    'drill-account-reordered': { ...reordered, code: 'CBOR_KEY_ORDER' },
  };
}

export const ISSUED_CASES: Cases = {
  backup: issued('backup', 'certificate of a backup', BACKUP),
  drill: issued('drill', 'certificate of a drill', DRILL),
  export: issued('transfer', 'receipt of an export', EXPORT),
  import: issued('transfer', 'receipt of an import', {
    ...EXPORT,
    transfer: 'import',
    recipientDigest: null,
  }),
  rotation: issued('rotation', 'certificate of a rotation, for a project', ROTATION),
  'deployment-rotation': issued('deployment-rotation', 'certificate of a rotation, of the whole deployment', {
    ...ROTATION,
    projectId: null,
    projects: 2,
    accounts: 300,
  }),
  ...refused('backup', BACKUP),
  ...refused('drill', DRILL),
  ...refusedInDrill(),
  ...refused('transfer', EXPORT),
  ...refused('rotation', ROTATION),
};
