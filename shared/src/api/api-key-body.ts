import * as v from 'valibot';

export const API_KEY_SCOPES = ['read', 'sign', 'accounts#export', 'policies#manage'] as const;
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

/** A UUID or Coinbase's older `organizations/<uuid>/apiKeys/<uuid>`: nothing that a path would have to spell in two ways. */
export const apiKeyId = v.pipe(
  v.string(),
  v.maxLength(128),
  v.regex(/^[A-Za-z0-9_-]{1,64}(?:\/[A-Za-z0-9_-]{1,64}){0,3}$/),
);

/** An IPv4 or IPv6 address, or a block of either (RFC 4632, RFC 4291 section 2.3). What is still none of either allows nobody. */
const ADDRESS_BLOCK =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/(?:[12]?\d|3[0-2]))?|(?=[^/]*:)[0-9a-f:.]{2,45}(?:\/(?:\d{1,2}|1[01]\d|12[0-8]))?)$/;

/** Body of POST /v2/enclave/api-keys. */
export const addApiKeyBody = v.strictObject({
  id: v.pipe(apiKeyId, v.minLength(8)),
  algorithm: v.picklist(['EdDSA', 'ES256']),
  publicKey: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9+/]+={0,2}$/),
    v.maxLength(256),
    v.description('SubjectPublicKeyInfo, DER, base64.'),
  ),
  scopes: v.pipe(v.array(v.picklist(API_KEY_SCOPES)), v.maxLength(API_KEY_SCOPES.length)),
  expiresAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  allowedIps: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(ADDRESS_BLOCK))), v.maxLength(32)), []),
  proof: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9+/]+={0,2}$/),
    v.maxLength(256),
    v.description(
      'Signature of the new key over "strongroom/api-key-proof/v1" || project id(32) || key id, base64.',
    ),
  ),
});

/** An API key as it is shown: never its secret, which the service never had. */
export const apiKeyBody = v.strictObject({
  id: v.string(),
  algorithm: v.picklist(['EdDSA', 'ES256']),
  scopes: v.array(v.picklist(API_KEY_SCOPES)),
  expiresAt: v.optional(v.string()),
  allowedIps: v.array(v.string()),
  lastUsedAt: v.optional(v.string()),
});
