// TRUST BOUNDARY: documents from files, standard input and services.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { AttestationError } from '../src/attestation-error.ts';
import { decodeBase64 } from '../src/bytes.ts';
import { UsageError } from './usage.ts';

/** What is to be verified, and with which nonce it was asked for if this process asked. */
export interface Evidence {
  readonly document: Uint8Array;
  /** Beside the documents of Strongroom services. */
  readonly manifest: Uint8Array | null;
  readonly freshNonce: Uint8Array | null;
}

/** A service could not be asked, or did not answer what it should. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: 'SERVICE_UNREACHABLE' | 'SERVICE_ANSWER';

  constructor(code: 'SERVICE_UNREACHABLE' | 'SERVICE_ANSWER', message: string) {
    super(message);
    this.code = code;
  }
}

const MAX_BYTES = 1 << 20;
const TIMEOUT_MS = 15_000;
const NONCE_BYTES = 32;
const OPENING_BRACE = 0x7b;

/**
 * Reads FILE: a path, `-`, or a service's URL.
 * @param isBase64 whether the bytes are base64 text; never guessed, because text is not a document
 * @throws UsageError when it cannot be read, ServiceError, AttestationError INPUT_*
 */
export async function readEvidence(source: string, isBase64: boolean): Promise<Evidence> {
  if (/^https?:\/\//.test(source)) return fetchEvidence(source);
  const bytes = source === '-' ? await readAll(process.stdin) : await readFileBounded(source);
  if (isBase64 || /\.(b64|base64)$/.test(source)) {
    const decoded = decodeBase64(Buffer.from(bytes).toString('latin1').replace(/\s/g, ''));
    if (decoded === null) throw new UsageError('The input is not base64.');
    return { document: decoded, manifest: null, freshNonce: null };
  }
  if (bytes[0] === OPENING_BRACE)
    return { ...parseAnswer(Buffer.from(bytes).toString('utf8')), freshNonce: null };
  return { document: bytes, manifest: null, freshNonce: null };
}

async function readFileBounded(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r');
    return await readAll(file.createReadStream({ end: MAX_BYTES }));
  } catch (error) {
    if (error instanceof AttestationError) throw error;
    throw new UsageError(`${path} cannot be read.`);
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new AttestationError('INPUT_TOO_LARGE');
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

async function fetchEvidence(source: string): Promise<Evidence> {
  const freshNonce = Uint8Array.from(randomBytes(NONCE_BYTES));
  if (!URL.canParse(source)) throw new UsageError('This is not a URL.');
  const url = new URL(source);
  if (!url.pathname.endsWith('/attestation'))
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v2/enclave/attestation`;
  url.searchParams.set('nonce', Buffer.from(freshNonce).toString('hex'));
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    status = response.status;
    text = response.body ? Buffer.from(await readAll(response.body)).toString('utf8') : '';
  } catch {
    throw new ServiceError('SERVICE_UNREACHABLE', 'The service did not answer.');
  }
  if (status !== 200) throw new ServiceError('SERVICE_ANSWER', `The service answered with status ${status}.`);
  return { ...parseAnswer(text), freshNonce };
}

/** {"attestationDocument": base64, "manifest": base64} */
function parseAnswer(text: string): { readonly document: Uint8Array; readonly manifest: Uint8Array | null } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ServiceError('SERVICE_ANSWER', "This is not the JSON of a service's attestation endpoint.");
  }
  const { attestationDocument, manifest = null } = (json ?? {}) as Record<string, unknown>;
  const document = typeof attestationDocument === 'string' ? decodeBase64(attestationDocument) : null;
  const manifestBytes = typeof manifest === 'string' ? decodeBase64(manifest) : null;
  if (document === null || (manifest !== null && manifestBytes === null))
    throw new ServiceError('SERVICE_ANSWER', 'attestationDocument or manifest is not base64.');
  return { document, manifest: manifestBytes };
}
