// TRUST BOUNDARY: answers of a service that nothing is known of yet.
import { type ApiCredentials, makeBearerToken } from './bearer-token.ts';
import { ClientError } from './client-error.ts';
import { base64Field, createCaller, invalidAnswer } from './service-call.ts';

/** The parts of a service's API that its own client uses beside the CDP SDK. Nothing that it returns is verified. */
export interface Service {
  readonly baseUrl: string;
  attestation(nonce: Uint8Array): Promise<{ attestationDocument: Uint8Array; manifest: Uint8Array }>;
  projectNonce(enrolmentToken: string | null): Promise<Uint8Array>;
  createProject(genesis: Uint8Array, enrolmentToken: string | null): Promise<{ certificate: Uint8Array }>;
  projectCertificate(credentials: ApiCredentials, nonce: Uint8Array): Promise<Uint8Array>;
  importKey(credentials: ApiCredentials): Promise<{ publicKeyPem: string; certificate: Uint8Array }>;
  accountCertificate(credentials: ApiCredentials, address: string): Promise<Uint8Array>;
}

/** Response header with an account's certificate, base64. */
export const ACCOUNT_CERTIFICATE_HEADER = 'strongroom-account-certificate';

/** @param baseUrl as the SDK's `basePath`, for example http://127.0.0.1:8787 */
export function connectService(baseUrl: string): Service {
  const { root, call } = createCaller(baseUrl);

  const enrol = async (path: string, body: unknown, token: string | null) => {
    try {
      return (await call({ method: 'POST', path, body, authorization: () => token })).json;
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'CREDENTIALS_REFUSED') throw error;
      const problem = token === null ? 'asks for an enrolment token' : 'refuses the enrolment token';
      throw new ClientError('ENROLMENT_REFUSED', `${root} ${problem}.`);
    }
  };
  const bearer = (credentials: ApiCredentials) => (method: string, url: URL) =>
    makeBearerToken(credentials, method, url);

  return {
    baseUrl: root,
    async attestation(nonce) {
      const { json } = await call({
        method: 'GET',
        path: '/v2/enclave/attestation',
        query: { nonce: hex(nonce) },
      });
      return {
        attestationDocument: base64Field(json, 'attestationDocument'),
        manifest: base64Field(json, 'manifest'),
      };
    },
    async projectNonce(token) {
      const nonce = (await enrol('/v2/enclave/project-nonces', {}, token))['nonce'];
      if (typeof nonce !== 'string' || !/^[0-9a-f]{64}$/.test(nonce)) throw invalidAnswer('nonce');
      return Buffer.from(nonce, 'hex');
    },
    async createProject(genesis, token) {
      const body = { genesis: Buffer.from(genesis).toString('base64') };
      return { certificate: base64Field(await enrol('/v2/enclave/projects', body, token), 'certificate') };
    },
    async projectCertificate(credentials, nonce) {
      const { json } = await call({
        method: 'GET',
        path: '/v2/enclave/project-certificate',
        query: { nonce: hex(nonce) },
        authorization: bearer(credentials),
      });
      return base64Field(json, 'certificate');
    },
    async importKey(credentials) {
      const { json } = await call({
        method: 'GET',
        path: '/v2/enclave/import-key',
        authorization: bearer(credentials),
      });
      const publicKeyPem = json['publicKeyPem'];
      if (typeof publicKeyPem !== 'string') throw invalidAnswer('publicKeyPem');
      return { publicKeyPem, certificate: base64Field(json, 'certificate') };
    },
    async accountCertificate(credentials, address) {
      const family = address.startsWith('0x') ? 'evm' : 'solana';
      const path = `/v2/${family}/accounts/${encodeURIComponent(address)}`;
      const { headers } = await call({ method: 'GET', path, authorization: bearer(credentials) }).catch(
        (error: unknown) => {
          if (!(error instanceof ClientError) || error.code !== 'NOT_FOUND') throw error;
          throw new ClientError('ACCOUNT_UNKNOWN', `The project has no account ${address}.`);
        },
      );
      const certificate = headers.get(ACCOUNT_CERTIFICATE_HEADER);
      if (certificate === null)
        throw new ClientError('CERTIFICATE_MISSING', 'The service returned no account certificate.');
      return Buffer.from(certificate, 'base64');
    },
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
