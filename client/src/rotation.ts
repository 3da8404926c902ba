import { verifyAccountCertificate } from '@strongroom/attestation/account-certificate';
import {
  type ListedAccount,
  type RotationCertificate,
  verifyRotationCertificate,
} from '@strongroom/attestation/rotation-certificate';
import { type ApiCredentials, makeBearerToken } from './bearer-token.ts';
import type { Service } from './service.ts';
import { base64Field, createCaller } from './service-call.ts';
import type { KnownProject, ServiceIdentity } from './verify-service.ts';

const IN_FLIGHT = 8;

/**
 * Verifies that, after the last rotation of the root key, the enclave saw exactly the accounts that this client knows of.
 * @param addresses the client's own list as of the rotation, in any order; not one that the service gave
 * @throws AttestationError STATEMENT_ACCOUNTS when the enclave was shown fewer, more or others; ClientError
 */
export async function verifyRotation(
  service: Service,
  { identityKey }: ServiceIdentity,
  { credentials, projectId, addresses }: KnownProject & { readonly addresses: readonly string[] },
): Promise<RotationCertificate> {
  const accounts: ListedAccount[] = [];
  const waiting = [...new Set(addresses)];
  async function work(): Promise<void> {
    for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
      const certificate = await service.accountCertificate(credentials, address);
      const { publicKey } = await verifyAccountCertificate(certificate, identityKey, { projectId, address });
      accounts.push({ address, publicKey });
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const certificate = await fetchRotationCertificate(service.baseUrl, credentials);
  return await verifyRotationCertificate(certificate, identityKey, { projectId, accounts });
}

async function fetchRotationCertificate(baseUrl: string, credentials: ApiCredentials): Promise<Uint8Array> {
  const { call } = createCaller(baseUrl);
  const { json } = await call({
    method: 'GET',
    path: '/v2/enclave/rotation-certificate',
    authorization: (method, url) => makeBearerToken(credentials, method, url),
  });
  return base64Field(json, 'certificate');
}
