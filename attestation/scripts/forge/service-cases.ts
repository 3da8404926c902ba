import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { AttestationErrorCode } from '../../src/attestation-error.ts';
import { bstr, hex, map, NULL, openMap, tstr } from './cbor-writer.ts';
import { Encoded, encode, entriesOf, type Value } from './strict-cbor-writer.ts';

type Manifest = Readonly<Record<string, Value>>;

/** Evidence of a service: the manifest, what the document says of it, and what the client expects. */
export interface ServiceCase {
  readonly reason: string;
  readonly code: AttestationErrorCode | null;
  readonly purpose?: 'client' | 'status';
  readonly manifest?: Manifest;
  /** Replaces the encoded manifest, in the document and beside it. */
  readonly bytes?: (manifest: Manifest) => Uint8Array;
  /** Replaces the manifest beside the document alone. */
  readonly beside?: (bytes: Buffer) => Uint8Array;
  readonly fields?: Readonly<Record<string, Uint8Array | null>>;
  readonly expected?: {
    readonly deploymentIdHex?: string;
    readonly configurationHex?: string;
    readonly minSecurityEpoch?: number;
  };
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const IDENTITY_KEY = sha256(Buffer.from('identity key of the vectors'));
const DEPLOYMENT_ID = sha256(IDENTITY_KEY);
const CONFIGURATION = sha256(Buffer.from('configuration'));
const PCR = Buffer.alloc(48, 7);

const READY: Manifest = {
  v: 1,
  purpose: 'client',
  phase: 'ready',
  deploymentId: DEPLOYMENT_ID,
  configurationDigest: CONFIGURATION,
  securityEpoch: 3,
  identityKey: IDENTITY_KEY,
  receiptKey: sha256(Buffer.from('receipt key')),
  root: { id: Buffer.alloc(16, 9), generation: 1 },
  kmsPolicies: [
    {
      keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      digest: sha256(Buffer.from('policy')),
      pcrs: [{ pcr0: PCR, pcr1: PCR, pcr2: PCR }],
      checkedAtMs: 1_788_264_000_000,
    },
  ],
};
const WAITING: Manifest = {
  ...READY,
  purpose: 'status',
  phase: 'needs-genesis',
  deploymentId: null,
  identityKey: null,
  receiptKey: null,
  root: null,
  kmsPolicies: [],
};

const without = (name: string): Manifest =>
  Object.fromEntries(Object.entries(READY).filter(([key]) => key !== name));
const malformed = (change: Manifest, reason: string): ServiceCase => ({
  reason,
  code: 'MANIFEST_MALFORMED',
  manifest: { ...READY, ...change },
});
const encoded = (
  code: ServiceCase['code'],
  reason: string,
  bytes: (manifest: Manifest) => Uint8Array,
): ServiceCase => ({ reason, code, bytes });
const nested = (levels: number): Encoded =>
  new Encoded(Buffer.concat([Buffer.alloc(levels, 0x81), hex('00')]));

export const SERVICE_CASES: Readonly<Record<string, ServiceCase>> = {
  ready: { reason: 'a service that is ready', code: null },
  'ready-expected': {
    reason: 'of the deployment, configuration and epoch that are expected',
    code: null,
    expected: {
      deploymentIdHex: DEPLOYMENT_ID.toString('hex'),
      configurationHex: CONFIGURATION.toString('hex'),
      minSecurityEpoch: 3,
    },
  },
  'ready-without-receipts': {
    reason: 'an image that makes no receipts',
    code: null,
    manifest: { ...READY, receiptKey: null },
  },
  'status-waiting': {
    reason: 'an enclave that waits for genesis, asked for its status',
    code: null,
    purpose: 'status',
    manifest: WAITING,
  },
  'status-for-client': {
    reason: 'a status document shown to a client',
    code: 'MANIFEST_PURPOSE',
    manifest: WAITING,
  },
  'client-for-status': {
    reason: "a client's document shown for a status",
    code: 'MANIFEST_PURPOSE',
    purpose: 'status',
  },
  'kms-for-client': {
    reason: 'a document made for KMS',
    code: 'MANIFEST_PURPOSE',
    manifest: { ...READY, purpose: 'kms' },
  },
  'emulation-for-client': {
    reason: 'a document of the emulated ground',
    code: 'MANIFEST_PURPOSE',
    manifest: { ...READY, purpose: 'emulation' },
  },
  'client-not-ready': {
    reason: 'a client document from another phase',
    code: 'MANIFEST_PHASE',
    manifest: { ...READY, phase: 'unsealing' },
  },
  'client-without-identity': {
    reason: 'a client document without identity',
    code: 'MANIFEST_IDENTITY',
    manifest: { ...READY, deploymentId: null, identityKey: null },
  },
  'identity-not-deployment': {
    reason: 'an identity key of another deployment',
    code: 'MANIFEST_IDENTITY',
    manifest: { ...READY, identityKey: Buffer.alloc(32, 5) },
  },
  'identity-missing': {
    reason: 'a deployment id without identity key',
    code: 'MANIFEST_IDENTITY',
    manifest: { ...READY, identityKey: null },
  },
  'public-key': {
    reason: 'a document that names a public key',
    code: 'PUBLIC_KEY_MISMATCH',
    fields: { public_key: bstr(Buffer.alloc(294, 1)) },
  },
  'manifest-other': {
    reason: 'a manifest with another identity beside the document',
    code: 'MANIFEST_DIGEST',
    beside: otherIdentity,
  },
  'user-data-null': {
    reason: 'a document that vouches for nothing',
    code: 'MANIFEST_DIGEST',
    fields: { user_data: NULL },
  },
  'user-data-manifest': {
    reason: 'the manifest itself as user_data',
    code: 'MANIFEST_DIGEST',
    fields: { user_data: bstr(Buffer.alloc(64)) },
  },
  'other-deployment': {
    reason: 'another deployment than expected',
    code: 'MANIFEST_DEPLOYMENT',
    expected: { deploymentIdHex: '11'.repeat(32) },
  },
  'other-configuration': {
    reason: 'another configuration than expected',
    code: 'MANIFEST_CONFIGURATION',
    expected: { configurationHex: '11'.repeat(32) },
  },
  'older-epoch': {
    reason: 'a security epoch below the lowest accepted',
    code: 'MANIFEST_SECURITY_EPOCH',
    expected: { minSecurityEpoch: 4 },
  },
  'field-missing': {
    reason: 'no securityEpoch',
    code: 'MANIFEST_MALFORMED',
    manifest: without('securityEpoch'),
  },
  'field-unknown': malformed({ debug: true }, 'a field that no manifest has'),
  'version-2': malformed({ v: 2 }, 'version 2'),
  'purpose-unknown': malformed({ purpose: 'admin' }, 'an unknown purpose'),
  'deployment-short': malformed({ deploymentId: Buffer.alloc(31) }, 'a deployment id of 31 bytes'),
  'epoch-text': malformed({ securityEpoch: '3' }, 'the epoch as text'),
  'root-incomplete': malformed({ root: { id: Buffer.alloc(16) } }, 'a root without generation'),
  'policies-map': malformed({ kmsPolicies: {} }, 'policies as a map'),
  'key-order': encoded('CBOR_KEY_ORDER', 'keys in another order', (manifest) =>
    map(...[...entriesOf(manifest)].reverse()),
  ),
  'key-duplicate': encoded('CBOR_DUPLICATE_KEY', 'a key twice', (manifest) => twice(manifest)),
  'key-form': encoded('CBOR_KEY', 'a key with a dash', (manifest) =>
    map([tstr('a-b'), NULL], ...entriesOf(manifest)),
  ),
  'key-bytes': encoded('CBOR_KEY', 'a key of bytes', (manifest) =>
    map([bstr(Buffer.from('v')), NULL], ...entriesOf(manifest)),
  ),
  indefinite: encoded('CBOR_INDEFINITE_LENGTH', 'a map of indefinite length', (manifest) =>
    openMap(...entriesOf(manifest)),
  ),
  trailing: encoded('CBOR_TRAILING_BYTES', 'a byte after the map', (manifest) =>
    Buffer.concat([encode(manifest), hex('00')]),
  ),
  tagged: encoded('CBOR_TAG', 'a tag', (manifest) => Buffer.concat([hex('d9d9f7'), encode(manifest)])),
  truncated: encoded('CBOR_TRUNCATED', 'one byte short', (manifest) => encode(manifest).subarray(0, -1)),
  negative: encoded('CBOR_NEGATIVE', 'a negative epoch', (manifest) =>
    encode({ ...manifest, securityEpoch: new Encoded(hex('22')) }),
  ),
  float: encoded('CBOR_FLOAT', 'an epoch as double', (manifest) =>
    encode({ ...manifest, securityEpoch: new Encoded(hex('fb4008000000000000')) }),
  ),
  wide: encoded('CBOR_NON_MINIMAL', 'an epoch in two bytes', (manifest) =>
    encode({ ...manifest, securityEpoch: new Encoded(hex('1803')) }),
  ),
  'too-deep': encoded('CBOR_TOO_DEEP', '17 levels', (manifest) =>
    encode({ ...manifest, kmsPolicies: nested(17) }),
  ),
  'not-a-map': { reason: 'an array', code: 'MANIFEST_MALFORMED', bytes: () => encode([1, 2]) },
  empty: { reason: 'no bytes', code: 'INPUT_EMPTY', bytes: () => Buffer.alloc(0) },
  'too-large': {
    reason: 'more than 64 KiB',
    code: 'INPUT_TOO_LARGE',
    bytes: () => encode(Buffer.alloc(65_536)),
  },
};

export const manifestOf = ({ manifest = READY, bytes }: ServiceCase): Buffer =>
  Buffer.from(bytes?.(manifest) ?? encode(manifest));

/** A parent's own identity key, consistent with itself. */
function otherIdentity(): Uint8Array {
  const identityKey = Buffer.alloc(32, 5);
  return encode({ ...READY, identityKey, deploymentId: sha256(identityKey) });
}

function twice(manifest: Manifest): Uint8Array {
  const [first, ...rest] = entriesOf(manifest);
  return first ? map(first, first, ...rest) : NULL;
}
