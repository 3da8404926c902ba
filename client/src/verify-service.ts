import { verifyAccountCertificate } from '@strongroom/attestation/account-certificate';
import { verifyImportKeyCertificate } from '@strongroom/attestation/import-key-certificate';
import {
  type ProjectCertificate,
  verifyProjectCertificate,
} from '@strongroom/attestation/project-certificate';
import type { ServicePolicy, VerifiedService } from '@strongroom/attestation/strongroom-evidence';
import { verifyStrongroomService } from '@strongroom/attestation/strongroom-service';
import { verifyStrongroomServiceWithCustomRoot } from '@strongroom/attestation/strongroom-service-with-custom-root';
import type { ApiCredentials } from './bearer-token.ts';
import { ClientError } from './client-error.ts';
import type { ApiKey } from './credentials.ts';
import { freshNonce } from './nonce.ts';
import { DEFAULT_MAX_FEE_WEI, type ProjectChoices } from './project-genesis.ts';
import type { Service } from './service.ts';

/** What a client pins of a service before it trusts it with anything. */
export interface ServicePins {
  /** Measurements of the images that are accepted, as the release or an own build gives them. */
  readonly images: ServicePolicy['images'];
  /** The deployment that this client has dealt with before, 32 bytes; left out at first contact. */
  readonly deploymentId?: Uint8Array;
  /** DER of a root that is not AWS's: the local twin's. */
  readonly customRoot?: Uint8Array;
  readonly partition?: 'aws' | 'aws-us-gov';
}

/** Who a verified service is. */
export interface ServiceIdentity {
  readonly deploymentId: Uint8Array;
  /** Verifies its certificates: raw Ed25519 public key, 32 bytes. */
  readonly identityKey: Uint8Array;
}

const MAX_AGE_MS = 5 * 60_000;
const MAX_FUTURE_SKEW_MS = 60_000;

/**
 * Asks a service for an attestation over a fresh nonce and verifies it against the pins.
 * @throws AttestationError, ClientError
 */
export async function verifyService(service: Service, pins: ServicePins): Promise<ServiceIdentity> {
  const { deploymentId, identityKey } = await attestService(service, pins);
  return { deploymentId, identityKey };
}

/** As `verifyService`, with everything that the service says of itself. @throws AttestationError, ClientError */
export async function attestService(service: Service, pins: ServicePins): Promise<VerifiedService> {
  const nonce = freshNonce();
  const evidence = await service.attestation(nonce);
  const policy: ServicePolicy = {
    images: pins.images,
    nonce,
    nowMs: Date.now(),
    maxAgeMs: MAX_AGE_MS,
    maxFutureSkewMs: MAX_FUTURE_SKEW_MS,
    deploymentId: pins.deploymentId ?? 'unchecked',
    configurationDigests: 'unchecked',
    minSecurityEpoch: 1,
  };
  const { customRoot, partition = 'aws' } = pins;
  return customRoot
    ? await verifyStrongroomServiceWithCustomRoot(evidence, policy, customRoot)
    : await verifyStrongroomService(evidence, { ...policy, partition });
}

/** What a new project's certificate has to show. */
export interface ExpectedProject {
  readonly projectId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly walletSecret: Uint8Array;
  readonly apiKey: ApiKey;
  readonly choices: ProjectChoices;
}

/**
 * Checks that the enclave made exactly the project that was signed: no second Wallet Secret, no other key, no other permission.
 * @throws AttestationError, ClientError PROJECT_MISMATCH
 */
export async function checkProjectCertificate(
  certificate: Uint8Array,
  { identityKey }: ServiceIdentity,
  expected: ExpectedProject,
): Promise<void> {
  const { projectId, nonce, walletSecret, apiKey, choices } = expected;
  const actual = await verifyProjectCertificate(certificate, identityKey, { projectId, nonce });
  const [onlySecret, ...otherSecrets] = actual.walletSecrets;
  const [onlyKey, ...otherKeys] = actual.apiKeys;
  const isAsSigned =
    otherSecrets.length === 0 &&
    otherKeys.length === 0 &&
    actual.recordVersion === 1 &&
    onlySecret?.state === 'active' &&
    isSame(onlySecret.publicKey, walletSecret) &&
    onlyKey?.id === apiKey.id &&
    isSame(onlyKey.publicKey, apiKey.publicKey) &&
    JSON.stringify(onlyKey.scopes) === JSON.stringify(choices.scopes) &&
    JSON.stringify(actual.authorities) === JSON.stringify(choices.authorities) &&
    actual.policyAuthority === choices.policyAuthority &&
    actual.exportAllowed === choices.exportAllowed &&
    actual.maxFeeWei === (choices.maxFeeWei ?? DEFAULT_MAX_FEE_WEI);
  if (!isAsSigned)
    throw new ClientError(
      'PROJECT_MISMATCH',
      'The enclave certified another project than the one that was signed.',
    );
}

/** A project as this client knows it. */
export interface KnownProject {
  readonly credentials: ApiCredentials;
  readonly projectId: Uint8Array;
}

/** Asks for a fresh certificate of the project and verifies it. @throws AttestationError, ClientError */
export async function verifyProject(
  service: Service,
  { identityKey }: ServiceIdentity,
  { credentials, projectId }: KnownProject,
): Promise<ProjectCertificate> {
  const nonce = freshNonce();
  return await verifyProjectCertificate(await service.projectCertificate(credentials, nonce), identityKey, {
    projectId,
    nonce,
  });
}

/**
 * Verifies that an address belongs to the project: before anybody is told to pay to it.
 * @throws AttestationError, ClientError
 */
export async function verifyAccount(
  service: Service,
  { identityKey }: ServiceIdentity,
  { credentials, projectId, address }: KnownProject & { readonly address: string },
): Promise<void> {
  const certificate = await service.accountCertificate(credentials, address);
  await verifyAccountCertificate(certificate, identityKey, { projectId, address });
}

/** The project's verified import key, SubjectPublicKeyInfo DER. @throws AttestationError, ClientError */
export async function verifyImportKey(
  service: Service,
  { identityKey }: ServiceIdentity,
  { credentials, projectId }: KnownProject,
): Promise<Uint8Array> {
  const { certificate } = await service.importKey(credentials);
  return (await verifyImportKeyCertificate(certificate, identityKey, { projectId })).publicKey;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
