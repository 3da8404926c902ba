// TRUST BOUNDARY: answers of a service that nothing is known of yet.
import { type ApiCredentials, makeBearerToken } from './bearer-token.ts';
import { ClientError } from './client-error.ts';

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

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 1 << 20;
/** Response header with an account's certificate, base64. */
export const ACCOUNT_CERTIFICATE_HEADER = 'strongroom-account-certificate';

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  readonly authorization?: (method: string, url: URL) => string | null;
}

/** @param baseUrl as the SDK's `basePath`, for example http://127.0.0.1:8787 */
export function connectService(baseUrl: string): Service {
  const root = baseUrl.replace(/\/+$/, '');

  async function call({ method, path, query = {}, body, authorization }: Call) {
    const url = new URL(`${root}${path}`);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    const credential = authorization?.(method, url);
    if (credential) headers['authorization'] = `Bearer ${credential}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (cause) {
      throw new ClientError('SERVICE_UNREACHABLE', `No answer from ${root}.`, { cause });
    }
    const json = parseAnswer(text);
    if (!response.ok) {
      const reason = typeof json['errorMessage'] === 'string' ? json['errorMessage'].slice(0, 300) : '';
      throw new ClientError('SERVICE_REFUSED', `${root} answered ${response.status}: ${reason}`);
    }
    return { json, headers: response.headers };
  }

  const enrolment = (token: string | null) => () => token;
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
      const { json } = await call({
        method: 'POST',
        path: '/v2/enclave/project-nonces',
        body: {},
        authorization: enrolment(token),
      });
      const nonce = json['nonce'];
      if (typeof nonce !== 'string' || !/^[0-9a-f]{64}$/.test(nonce)) throw invalid('nonce');
      return Buffer.from(nonce, 'hex');
    },
    async createProject(genesis, token) {
      const body = { genesis: Buffer.from(genesis).toString('base64') };
      const { json } = await call({
        method: 'POST',
        path: '/v2/enclave/projects',
        body,
        authorization: enrolment(token),
      });
      return { certificate: base64Field(json, 'certificate') };
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
      if (typeof publicKeyPem !== 'string') throw invalid('publicKeyPem');
      return { publicKeyPem, certificate: base64Field(json, 'certificate') };
    },
    async accountCertificate(credentials, address) {
      const family = address.startsWith('0x') ? 'evm' : 'solana';
      const { headers } = await call({
        method: 'GET',
        path: `/v2/${family}/accounts/${encodeURIComponent(address)}`,
        authorization: bearer(credentials),
      });
      const certificate = headers.get(ACCOUNT_CERTIFICATE_HEADER);
      if (certificate === null)
        throw new ClientError('CERTIFICATE_MISSING', 'The service returned no account certificate.');
      return Buffer.from(certificate, 'base64');
    },
  };
}

function parseAnswer(text: string): Record<string, unknown> {
  if (text.length > MAX_ANSWER_BYTES) throw invalid('body');
  try {
    const json: unknown = JSON.parse(text);
    if (json !== null && typeof json === 'object') return json as Record<string, unknown>;
  } catch (cause) {
    throw new ClientError('SERVICE_ANSWER_INVALID', 'The service did not answer in JSON.', { cause });
  }
  throw invalid('body');
}

function base64Field(json: Record<string, unknown>, name: string): Uint8Array {
  const value = json[name];
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw invalid(name);
  return Buffer.from(value, 'base64');
}

function invalid(field: string): ClientError {
  return new ClientError('SERVICE_ANSWER_INVALID', `The service's answer lacks a valid "${field}".`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
