import { createPrivateKey, generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type ApiKey, makeApiKey, makeWalletSecret, type WalletSecret } from '@strongroom/client/credentials';
import { type ProjectChoices, signProjectGenesis } from '@strongroom/client/project-genesis';
import { connectService } from '@strongroom/client/service';
import { type CborValue, decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import type { System } from '../../src/system/start-system.ts';

/** A project of a running system, with the secrets that only its client has. */
export interface TestProject {
  readonly baseUrl: string;
  readonly projectId: Uint8Array;
  readonly apiKeyId: string;
  /** In the form of the CDP SDK. */
  readonly apiKeySecret: string;
  readonly apiKey: KeyObject;
  /** In the form of the CDP SDK. */
  readonly walletSecret: string;
  readonly walletKey: KeyObject;
}

export interface TestProjectOptions extends Partial<ProjectChoices> {
  readonly algorithm?: 'EdDSA' | 'ES256';
}

type Reachable = Pick<System, 'baseUrl' | 'enrolmentToken'>;

/** Makes a project as the `strongroom` command does, with either kind of API key and without checking what comes back. */
export async function createTestProject(
  { baseUrl, enrolmentToken }: Reachable,
  { algorithm = 'EdDSA', ...choices }: TestProjectOptions = {},
): Promise<TestProject> {
  const service = connectService(baseUrl);
  const { manifest } = await service.attestation(randomBytes(32));
  const { deploymentId } = decodeCbor(manifest) as { deploymentId: Uint8Array };
  const nonce = await service.projectNonce(enrolmentToken);
  const walletSecret = makeWalletSecret();
  const apiKey = algorithm === 'EdDSA' ? makeApiKey() : makeEs256ApiKey();
  const signed = signProjectGenesis({
    deploymentId,
    nonce,
    walletSecret,
    apiKey,
    choices: { ...choicesOf(baseUrl), ...choices },
  });
  const genesis = algorithm === 'EdDSA' ? signed.genesis : withEs256ApiKey(signed.genesis, walletSecret);
  await service.createProject(genesis, enrolmentToken);
  return {
    baseUrl,
    projectId: hash('sha256', payloadOf(genesis), 'buffer'),
    apiKeyId: apiKey.id,
    apiKeySecret: apiKey.secret,
    apiKey: importApiKey(apiKey.secret),
    walletSecret: walletSecret.secret,
    walletKey: walletSecret.privateKey,
  };
}

function choicesOf(baseUrl: string): ProjectChoices {
  const authorities = [new URL(baseUrl).host];
  return { authorities, policyAuthority: 'api-key', exportAllowed: true, scopes: ['read', 'sign'] };
}

type CoseSign1 = [header: Uint8Array, unprotected: object, payload: Uint8Array, signature: Uint8Array];

function payloadOf(genesis: Uint8Array): Uint8Array {
  const [, , payload] = decodeCbor(genesis) as CoseSign1;
  return payload;
}

/** The `strongroom` command makes EdDSA keys only; the enclave takes both, so the record is changed and signed again. */
function withEs256ApiKey(genesis: Uint8Array, { privateKey }: WalletSecret): Uint8Array {
  const [header, , original] = decodeCbor(genesis) as CoseSign1;
  const record = decodeCbor(original) as { apiKeys: object[] };
  const apiKeys = record.apiKeys.map((apiKey) => ({ ...apiKey, algorithm: 'ES256' }));
  const payload = encodeCbor({ ...record, apiKeys } as CborValue);
  const input = encodeCbor(['Signature1', header, new Uint8Array(0), payload]);
  const signature = sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return encodeCbor([header, {}, payload, signature]);
}

/** The other kind of API key that the SDK takes: a PKCS#8 PEM of a P-256 key, under an id of the older form. */
function makeEs256ApiKey(): ApiKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const uuid = () => crypto.randomUUID();
  return {
    id: `organizations/${uuid()}/apiKeys/${uuid()}`,
    secret: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
  };
}

const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function importApiKey(secret: string): KeyObject {
  if (secret.startsWith('-----BEGIN')) return createPrivateKey(secret);
  const seed = Buffer.from(secret, 'base64').subarray(0, 32);
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}
