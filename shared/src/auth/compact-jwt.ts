// TRUST BOUNDARY: tokens in the headers of requests, from clients and from whoever stands between.
import { JsonError } from '../json/json-error.ts';
import { type JsonObject, toJsonValue } from '../json/json-value.ts';
import { parseJson } from '../json/parse-json.ts';
import { TokenError } from './token-error.ts';

/** Longest accepted token, in characters; the SDK's are about 700. */
export const MAX_TOKEN_CHARS = 4096;

/** The parts of a JWS in compact serialization (RFC 7515 section 7.1) whose payload is a JSON object. Nothing of it is verified. */
export interface CompactJwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** ASCII of `BASE64URL(header).BASE64URL(claims)`. */
  readonly signingInput: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Parses a signed JWT strictly: three segments of canonical base64url without padding, header and claims JSON objects
 * without duplicate keys, no `crit` or `b64` header (RFC 7515 section 4.1.11: what is not understood is refused).
 * @throws TokenError TOKEN_LENGTH, TOKEN_FORM, TOKEN_BASE64URL, TOKEN_JSON
 */
export function parseCompactJwt(untrustedToken: string): CompactJwt {
  if (untrustedToken.length > MAX_TOKEN_CHARS) throw new TokenError('TOKEN_LENGTH');
  const headerEnd = untrustedToken.indexOf('.');
  const claimsEnd = untrustedToken.indexOf('.', headerEnd + 1);
  if (headerEnd < 0 || claimsEnd < 0 || untrustedToken.includes('.', claimsEnd + 1)) {
    throw new TokenError('TOKEN_FORM');
  }
  const header = parseObject(decodeBase64Url(untrustedToken.slice(0, headerEnd)));
  if ('crit' in header || 'b64' in header) throw new TokenError('TOKEN_FORM');
  return {
    header,
    claims: parseObject(decodeBase64Url(untrustedToken.slice(headerEnd + 1, claimsEnd))),
    // ASCII is certain here: both segments decoded.
    signingInput: Buffer.from(untrustedToken.slice(0, claimsEnd), 'latin1'),
    signature: decodeBase64Url(untrustedToken.slice(claimsEnd + 1)),
  };
}

/** Encoding again finds every other spelling: padding, foreign characters, bits after the last byte. */
function decodeBase64Url(segment: string): Uint8Array {
  const bytes = Buffer.from(segment, 'base64url');
  if (segment.length === 0 || bytes.toString('base64url') !== segment)
    throw new TokenError('TOKEN_BASE64URL');
  return bytes;
}

function parseObject(bytes: Uint8Array): JsonObject {
  try {
    const node = parseJson(bytes);
    if (node.kind === 'object') return toJsonValue(node) as JsonObject;
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new TokenError('TOKEN_JSON', { cause });
  }
  throw new TokenError('TOKEN_JSON');
}
