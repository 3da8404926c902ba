import { Buffer } from 'node:buffer';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { AttestationErrorCode } from '../../src/attestation-error.ts';
import { hex, map } from './cbor-writer.ts';
import { type Envelope, signCertificate } from './sign-certificate.ts';
import { Encoded, encode, entriesOf, type Value } from './strict-cbor-writer.ts';

type Payload = Readonly<Record<string, Value>>;

/** A certificate and what is to become of it. */
export interface StatementCase {
  readonly reason: string;
  readonly code: AttestationErrorCode | null;
  readonly kind: 'project' | 'account' | 'import-key';
  readonly bytes: Uint8Array;
}

const identity = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const raw = (key: KeyObject): Buffer =>
  Buffer.from(key.export({ type: 'spki', format: 'der' })).subarray(-32);
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

export const IDENTITY_KEY = raw(identity.publicKey);
export const PROJECT_ID = sha256(Buffer.from('project'));
export const STATEMENT_NONCE = Buffer.alloc(32, 3);
export const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';

const DEPLOYMENT_ID = sha256(IDENTITY_KEY);
const p256 = (): Buffer =>
  Buffer.from(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }),
  );
const ed25519 = (): Buffer =>
  Buffer.from(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }));
const rsa = (): Buffer =>
  Buffer.from(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' }),
  );

const PROJECT: Payload = {
  type: 'strongroom/project-certificate/v2',
  deploymentId: DEPLOYMENT_ID,
  projectId: PROJECT_ID,
  recordVersion: 4,
  recordDigest: sha256(Buffer.from('record')),
  walletSecrets: [
    { publicKey: p256(), state: 'active', notAfterMs: null },
    { publicKey: p256(), state: 'retiring', notAfterMs: 1_788_264_000_000 },
  ],
  apiKeys: [
    { id: 'key-1', algorithm: 'EdDSA', publicKey: ed25519(), scopes: ['accounts', 'sign'] },
    { id: 'key-2', algorithm: 'ES256', publicKey: p256(), scopes: [] },
  ],
  authorities: ['wallet.example.com'],
  policyAuthority: 'wallet',
  exportAllowed: false,
  maxFeeWei: '50000000000000000',
  nonce: STATEMENT_NONCE,
  issuedAtMs: 1_788_264_000_000,
};
const PROJECT_V1: Payload = Object.fromEntries(
  Object.entries({ ...PROJECT, type: 'strongroom/project-certificate/v1' }).filter(
    ([key]) => key !== 'maxFeeWei',
  ),
);
const ACCOUNT: Payload = {
  type: 'strongroom/account-certificate/v1',
  deploymentId: DEPLOYMENT_ID,
  projectId: PROJECT_ID,
  curve: 'secp256k1',
  address: ADDRESS,
  publicKey: Buffer.concat([hex('02'), Buffer.alloc(32, 1)]),
  name: 'treasury',
};
const IMPORT_KEY: Payload = {
  type: 'strongroom/import-key-certificate/v1',
  deploymentId: DEPLOYMENT_ID,
  projectId: PROJECT_ID,
  publicKey: rsa(),
};

/** Another key, or what `signCertificate` takes. */
interface Sealing extends Envelope {
  readonly key?: KeyObject;
}

const cose = (payload: Uint8Array, { key = identity.privateKey, ...envelope }: Sealing = {}): Buffer =>
  signCertificate(payload, key, envelope);

const of = (
  kind: StatementCase['kind'],
  payload: Payload,
  code: StatementCase['code'],
  reason: string,
  envelope: Sealing = {},
): StatementCase => ({
  reason,
  code,
  kind,
  bytes: cose(encode(payload), envelope),
});
const account = (change: Payload, code: StatementCase['code'], reason: string): StatementCase =>
  of('account', { ...ACCOUNT, ...change }, code, reason);
const project = (change: Payload, reason: string): StatementCase =>
  of('project', { ...PROJECT, ...change }, 'STATEMENT_MALFORMED', reason);
const sealed = (envelope: Sealing, code: StatementCase['code'], reason: string): StatementCase =>
  of('account', ACCOUNT, code, reason, envelope);
const payload = (bytes: Uint8Array, code: StatementCase['code'], reason: string): StatementCase => ({
  reason,
  code,
  kind: 'account',
  bytes: cose(bytes),
});
const bytes = (value: Uint8Array, code: StatementCase['code'], reason: string): StatementCase => ({
  reason,
  code,
  kind: 'account',
  bytes: value,
});
const valid = cose(encode(ACCOUNT));
const apiKey = (change: Payload): Payload => ({
  apiKeys: [{ id: 'key-1', algorithm: 'EdDSA', publicKey: ed25519(), scopes: [], ...change }],
});

export const STATEMENT_CASES: Readonly<Record<string, StatementCase>> = {
  project: of('project', PROJECT, null, 'project certificate'),
  'project-bare': of(
    'project',
    { ...PROJECT, apiKeys: [], authorities: [], policyAuthority: 'api-key', exportAllowed: true },
    null,
    'project certificate without API keys',
  ),
  'project-v1': of('project', PROJECT_V1, null, 'project certificate of the first version'),
  'project-v3': of(
    'project',
    { ...PROJECT, type: 'strongroom/project-certificate/v3' },
    'STATEMENT_TYPE',
    'a version that does not exist',
  ),
  'project-v1-fee': of(
    'project',
    { ...PROJECT, type: 'strongroom/project-certificate/v1' },
    'STATEMENT_MALFORMED',
    'the first version, with a field of the second',
  ),
  'project-v2-no-fee': of(
    'project',
    { ...PROJECT_V1, type: 'strongroom/project-certificate/v2' },
    'STATEMENT_MALFORMED',
    'the second version without its field',
  ),
  'fee-leading-zero': project({ maxFeeWei: '007' }, 'a fee with leading zeros'),
  'fee-negative': project({ maxFeeWei: '-1' }, 'a negative fee'),
  'fee-integer': project({ maxFeeWei: 7 }, 'a fee that is no text'),
  account: of('account', ACCOUNT, null, 'account certificate'),
  'account-unnamed': account({ name: null }, null, 'account without a name'),
  'account-ed25519': account({ curve: 'ed25519', publicKey: Buffer.alloc(32, 1) }, null, 'ed25519 account'),
  'import-key': of('import-key', IMPORT_KEY, null, 'import-key certificate'),
  'other-key': sealed({ key: other.privateKey }, 'STATEMENT_SIGNATURE_INVALID', 'signed by another key'),
  'signature-altered': sealed(
    { signature: (value) => value.map((byte, index) => (index === 40 ? byte ^ 1 : byte)) },
    'STATEMENT_SIGNATURE_INVALID',
    'signature altered',
  ),
  'signature-63': sealed(
    { signature: (value) => value.subarray(1) },
    'COSE_SIGNATURE_LENGTH',
    'signature of 63 bytes',
  ),
  'header-es256': sealed({ header: hex('a10126') }, 'COSE_PROTECTED_HEADER', 'header says ES256'),
  'header-key-id': sealed({ header: hex('a20127044161') }, 'COSE_PROTECTED_HEADER', 'a key id in the header'),
  unprotected: sealed(
    { unprotected: hex('a1044161') },
    'COSE_UNPROTECTED_HEADER',
    'a key id that nobody signed',
  ),
  tagged: bytes(Buffer.concat([hex('d2'), valid]), 'CBOR_TAG', 'tag 18'),
  trailing: bytes(Buffer.concat([valid, hex('00')]), 'COSE_TRAILING_BYTES', 'a byte after it'),
  truncated: bytes(valid.subarray(0, 100), 'CBOR_TRUNCATED', 'cut off'),
  empty: bytes(Buffer.alloc(0), 'INPUT_EMPTY', 'no bytes'),
  'too-large': bytes(Buffer.alloc(300_000), 'INPUT_TOO_LARGE', '300,000 bytes'),
  'type-other': {
    ...of('account', PROJECT, 'STATEMENT_TYPE', 'a project certificate shown as an account certificate'),
  },
  'type-version': account({ type: 'strongroom/account-certificate/v2' }, 'STATEMENT_TYPE', 'another version'),
  'type-missing': payload(map(...entriesOf({ deploymentId: DEPLOYMENT_ID })), 'STATEMENT_TYPE', 'no type'),
  'payload-array': payload(encode([1]), 'STATEMENT_TYPE', 'an array'),
  'payload-trailing': payload(
    Buffer.concat([encode(ACCOUNT), hex('00')]),
    'CBOR_TRAILING_BYTES',
    'a byte after the map',
  ),
  'payload-order': payload(
    map(...[...entriesOf(ACCOUNT)].reverse()),
    'CBOR_KEY_ORDER',
    'keys in another order',
  ),
  'payload-items': payload(
    encode({ ...ACCOUNT, extra: new Encoded(Buffer.concat([hex('9a00010000'), Buffer.alloc(65_536)])) }),
    'CBOR_TOO_MANY_ITEMS',
    'more than 65536 items',
  ),
  'deployment-other': account(
    { deploymentId: Buffer.alloc(32, 1) },
    'STATEMENT_DEPLOYMENT',
    'another deployment',
  ),
  'project-other': account({ projectId: Buffer.alloc(32, 1) }, 'STATEMENT_PROJECT', 'another project'),
  'project-other-project': of(
    'project',
    { ...PROJECT, projectId: Buffer.alloc(32, 1) },
    'STATEMENT_PROJECT',
    "another project's certificate",
  ),
  'import-key-other-project': of(
    'import-key',
    { ...IMPORT_KEY, projectId: Buffer.alloc(32, 1) },
    'STATEMENT_PROJECT',
    "another project's import key",
  ),
  'address-other': account({ address: ADDRESS.toLowerCase() }, 'STATEMENT_ADDRESS', 'another address'),
  'nonce-other': of(
    'project',
    { ...PROJECT, nonce: Buffer.alloc(32, 4) },
    'STATEMENT_NONCE',
    'another nonce',
  ),
  'field-unknown': account({ extra: null }, 'STATEMENT_MALFORMED', 'a field that it does not have'),
  'field-missing': of(
    'account',
    Object.fromEntries(Object.entries(ACCOUNT).filter(([key]) => key !== 'name')),
    'STATEMENT_MALFORMED',
    'no name',
  ),
  'curve-unknown': account({ curve: 'p256' }, 'STATEMENT_MALFORMED', 'another curve'),
  'curve-key-length': account({ curve: 'ed25519' }, 'STATEMENT_MALFORMED', 'an ed25519 key of 33 bytes'),
  'wallet-secret-short': project(
    { walletSecrets: [{ publicKey: p256().subarray(1), state: 'active', notAfterMs: null }] },
    'a wallet secret of 90 bytes',
  ),
  'wallet-secret-curve': project(
    { walletSecrets: [{ publicKey: Buffer.alloc(91), state: 'active', notAfterMs: null }] },
    'a wallet secret that is no P-256 key',
  ),
  'wallet-secret-state': project(
    { walletSecrets: [{ publicKey: p256(), state: 'revoked', notAfterMs: null }] },
    'a wallet secret in another state',
  ),
  'api-key-algorithm': project(apiKey({ algorithm: 'ES256' }), 'an Ed25519 key under ES256'),
  'api-key-rsa': project(apiKey({ publicKey: rsa() }), 'an RSA API key'),
  'api-key-scope': project(apiKey({ scopes: [1] }), 'a scope that is no text'),
  'nonce-short': project({ nonce: Buffer.alloc(15) }, 'a nonce of 15 bytes'),
  'export-integer': project({ exportAllowed: 0 }, 'exportAllowed 0'),
  'import-key-short': of(
    'import-key',
    { ...IMPORT_KEY, publicKey: ed25519() },
    'STATEMENT_MALFORMED',
    'an import key that is no RSA key',
  ),
};
