import * as v from 'valibot';

/**
 * What a project can require a second factor for: adding and revoking Wallet Secrets; setting a recovery key and completing a recovery;
 * export; changes of policies and settings; changes of the factors themselves, which any other requirement brings with it.
 */
export const FACTOR_PURPOSES = ['wallet-secret', 'recovery', 'export', 'policy', 'factor'] as const;
export type FactorPurpose = (typeof FACTOR_PURPOSES)[number];

export const MAX_PASSKEYS = 8;
export const MAX_ORIGINS = 8;
export const MAX_RECOVERY_CODES = 16;
/** A credential id may have 1023 bytes (WebAuthn section 4); authenticators use 16 to 128. */
export const MAX_CREDENTIAL_ID_BYTES = 256;

const base64url = (maxChars: number) =>
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/), v.maxLength(maxChars));
const base64 = (maxChars: number) =>
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+={0,2}$/), v.maxLength(maxChars));
const projectId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** Six digits of RFC 6238. */
export const totpCode = v.pipe(v.string(), v.regex(/^[0-9]{6}$/));
/** A host name as WebAuthn compares it. */
export const rpIdText = v.pipe(v.string(), v.regex(/^(?=.{1,253}$)[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*$/));
/** https, or http for this machine alone. */
export const originText = v.pipe(
  v.string(),
  v.regex(/^(?:https:\/\/[a-z0-9.-]{1,253}|http:\/\/localhost)(?::[1-9][0-9]{0,4})?$/),
  v.maxLength(270),
);
export const passkeyName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,35}$/));

/** What a passkey signed (WebAuthn section 6.3.3), over a challenge of the enclave; every field base64url. */
export const passkeyAssertion = v.strictObject({
  challenge: base64url(64),
  credentialId: base64url(400),
  clientDataJson: base64url(1400),
  authenticatorData: base64url(64),
  signature: base64url(120),
});

/** The header `X-Second-Factor`: base64url of this in strict JSON. */
export const secondFactor = v.variant('kind', [
  v.strictObject({ kind: v.literal('passkey'), assertion: passkeyAssertion }),
  v.strictObject({ kind: v.literal('totp'), code: totpCode }),
  v.strictObject({ kind: v.literal('recovery-code'), code: base64url(22) }),
]);
export type SecondFactor = v.InferOutput<typeof secondFactor>;
export type PasskeyAssertion = v.InferOutput<typeof passkeyAssertion>;

/** Body of POST /v2/enclave/factor-challenges. */
export const factorChallengeBody = v.strictObject({
  projectId,
  nonce: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2}){16,64}$/)),
});

/** Body of POST /v2/enclave/factors/passkeys. */
export const addPasskeyBody = v.strictObject({
  name: passkeyName,
  publicKey: v.pipe(
    base64(128),
    v.description('SubjectPublicKeyInfo of a P-256 key with an uncompressed point, DER (91 bytes), base64.'),
  ),
  rpId: rpIdText,
  origins: v.pipe(v.array(originText), v.minLength(1), v.maxLength(MAX_ORIGINS)),
  assertion: v.pipe(
    passkeyAssertion,
    v.description('Of the new passkey over the enrolment challenge; docs/protocol.md.'),
  ),
});

/** The answer to it; the passkey is removed under this id. */
export const passkeyBody = v.strictObject({
  id: v.pipe(v.string(), v.description('The first 16 bytes of SHA-256 over the credential id, hex.')),
  name: v.string(),
});

/** Body of POST /v2/enclave/factors/totp. */
export const addTotpBody = v.strictObject({
  encryptedSecret: v.pipe(
    base64(1024),
    v.description(
      "The 20 bytes of the secret, RSA-OAEP with SHA-256 and a label of the project to the project's import key, base64.",
    ),
  ),
  code: v.pipe(
    totpCode,
    v.description('The code of now, which shows that the authenticator has the secret.'),
  ),
});

/** Body of PUT /v2/enclave/factors/recovery-codes. */
export const setRecoveryCodesBody = v.strictObject({
  digests: v.pipe(
    v.array(base64(44)),
    v.maxLength(MAX_RECOVERY_CODES),
    v.description(
      'SHA-256 of "strongroom/recovery-code/v1" || project id(32) || code(16), base64, of each code; the codes stay with the owner.',
    ),
  ),
});

/** Body of PUT /v2/enclave/factors/requirements. */
export const setFactorRequirementsBody = v.strictObject({
  requiredFor: v.pipe(v.array(v.picklist(FACTOR_PURPOSES)), v.maxLength(FACTOR_PURPOSES.length)),
});
