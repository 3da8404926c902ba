import { createPrivateKey, generateKeyPairSync, hash, type KeyObject, randomUUID, sign } from 'node:crypto';
import {
  type CreatedProject,
  type CreateProjectOptions,
  createProject,
} from '@strongroom/client/create-project';
import { type ApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { type ProjectChoices, signProjectGenesis } from '@strongroom/client/project-genesis';
import { connectService } from '@strongroom/client/service';
import { verifyService } from '@strongroom/client/verify-service';
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

/** What a client has to know of a system before it trusts it. */
export type KnownSystem = Pick<System, 'baseUrl' | 'enrolmentToken' | 'measurements' | 'rootCertificate'>;

/** Makes a project as the `strongroom` command does, of an attested enclave whose measurements are pinned. */
export async function createTestProject(
  system: KnownSystem,
  { algorithm = 'EdDSA', ...choices }: TestProjectOptions = {},
): Promise<TestProject> {
  const { baseUrl, enrolmentToken, measurements, rootCertificate } = system;
  const options: CreateProjectOptions = {
    service: connectService(baseUrl),
    pins: { images: [measurements], customRoot: rootCertificate },
    choices: { ...choicesOf(baseUrl), ...choices },
    enrolmentToken,
  };
  const created = algorithm === 'EdDSA' ? await createProject(options) : await createEs256Project(options);
  const { projectId, apiKey, walletSecret } = created;
  return {
    baseUrl,
    projectId,
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

/** The `strongroom` command makes EdDSA keys only, but the enclave takes both: so its record is changed, and signed again. */
async function createEs256Project(options: CreateProjectOptions): Promise<CreatedProject> {
  const { service, pins, choices, enrolmentToken } = options;
  const { deploymentId } = await verifyService(service, pins);
  const nonce = await service.projectNonce(enrolmentToken);
  const walletSecret = makeWalletSecret();
  const apiKey = makeEs256ApiKey();
  const { genesis } = signProjectGenesis({ deploymentId, nonce, walletSecret, apiKey, choices });
  const [header, , original] = decodeCbor(genesis) as [Uint8Array, object, Uint8Array];
  const record = decodeCbor(original) as { apiKeys: object[] };
  const apiKeys = record.apiKeys.map((key) => ({ ...key, algorithm: 'ES256' }));
  const payload = encodeCbor({ ...record, apiKeys } as CborValue);
  const input = encodeCbor(['Signature1', header, new Uint8Array(0), payload]);
  const signature = sign('sha256', input, { key: walletSecret.privateKey, dsaEncoding: 'ieee-p1363' });
  await service.createProject(encodeCbor([header, {}, payload, signature]), enrolmentToken);
  return { projectId: hash('sha256', payload, 'buffer'), deploymentId, apiKey, walletSecret };
}

/** The other kind of API key that the SDK takes: a PKCS#8 PEM of a P-256 key, under an id of the older form. */
function makeEs256ApiKey(): ApiKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    id: `organizations/${randomUUID()}/apiKeys/${randomUUID()}`,
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
