// TRUST BOUNDARY: the Authorization header and what it signs, from whoever connects.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { KmsException } from './kms-exception.ts';
import { type KmsCredential, type Principal, principalOf } from './principal.ts';

/** What a signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface Authentication {
  readonly principal: Principal;
  readonly region: string;
}

const MAX_SKEW_MS = 5 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([\w-]{1,128})\/(\d{8})\/([a-z0-9-]{1,32})\/kms\/aws4_request, ?SignedHeaders=([a-z0-9;-]{1,1024}), ?Signature=([0-9a-f]{64})$/;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Verifies an AWS Signature Version 4 for service `kms` and tells who signed.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 * @throws KmsException MissingAuthenticationToken, IncompleteSignature, UnrecognizedClient, ExpiredToken or InvalidSignature
 */
export function verifySignatureV4(
  request: SignedRequest,
  credentials: ReadonlyMap<string, KmsCredential>,
  nowMs: number,
): Authentication {
  const { authorization, 'x-amz-date': amzDate = '' } = request.headers;
  if (authorization === undefined)
    throw new KmsException('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, accessKeyId = '', day = '', region = '', signedHeaders = '', signature = ''] =
    AUTHORIZATION.exec(authorization) ?? [];
  if (signature === '')
    throw incomplete('Authorization header requires Credential, SignedHeaders and Signature of service kms.');
  const credential = credentials.get(accessKeyId);
  if (!credential || (credential.sessionToken ?? '') !== (request.headers['x-amz-security-token'] ?? '')) {
    throw new KmsException(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  assertTimely(amzDate, day, nowMs);
  const canonical = canonicalRequest(request, signedHeaders.split(';'));
  const scope = `${day}/${region}/kms/aws4_request`;
  const stringToSign = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
  const expected = hmac(signingKey(credential.secretAccessKey, day, region), stringToSign);
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  if (nowMs >= (credential.expiresAtMs ?? Number.POSITIVE_INFINITY)) {
    throw new KmsException('ExpiredTokenException', 'The security token included in the request is expired');
  }
  assertEndpointRegion(request.headers['host'] ?? '', region);
  return { principal: principalOf(credential), region };
}

function canonicalRequest(
  { method, target, headers, body }: SignedRequest,
  signedHeaders: readonly string[],
): string {
  const mustBeSigned = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  if (!mustBeSigned.every((name) => signedHeaders.includes(name)))
    throw incomplete("'Host' and every 'X-Amz-*' header must be signed.");
  const bodyDigest = hash('sha256', body, 'hex');
  if ((headers['x-amz-content-sha256'] ?? bodyDigest) !== bodyDigest)
    throw invalid('The value of x-amz-content-sha256 does not match the body.');
  const [path, query = ''] = target.split('?', 2);
  const lines = signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [method, path, query, lines.join(''), signedHeaders.join(';'), bodyDigest].join('\n');
}

function assertTimely(amzDate: string, day: string, nowMs: number): void {
  const [, ...parts] = AMZ_DATE.exec(amzDate) ?? [];
  if (parts.length === 0)
    throw incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  const [year = 0, month = 0, date = 0, hours = 0, minutes = 0, seconds = 0] = parts.map(Number);
  const signedAtMs = Date.UTC(year, month - 1, date, hours, minutes, seconds);
  if (!amzDate.startsWith(day))
    throw invalid(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.',
    );
  if (signedAtMs < nowMs - MAX_SKEW_MS)
    throw invalid(
      `Signature expired: ${amzDate} is now earlier than ${basicIso(nowMs - MAX_SKEW_MS)} (${basicIso(nowMs)} - 5 min.)`,
    );
  if (signedAtMs > nowMs + MAX_SKEW_MS)
    throw invalid(
      `Signature not yet current: ${amzDate} is still later than ${basicIso(nowMs + MAX_SKEW_MS)} (${basicIso(nowMs)} + 5 min.)`,
    );
}

/** A Region's endpoint takes requests of that Region only; other names (localhost) take all. */
function assertEndpointRegion(host: string, region: string): void {
  const [, endpointRegion = region] =
    /^kms\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?::\d+)?$/.exec(host) ?? [];
  if (endpointRegion !== region) throw invalid('Credential should be scoped to a valid region.');
}

function signingKey(secretAccessKey: string, day: string, region: string): Buffer {
  return ['kms', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secretAccessKey}`, day), region));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

const basicIso = (atMs: number): string => new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
const incomplete = (message: string): KmsException =>
  new KmsException('IncompleteSignatureException', message);
const invalid = (message: string): KmsException => new KmsException('InvalidSignatureException', message);
