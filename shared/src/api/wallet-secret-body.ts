import * as v from 'valibot';

const base64 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+={0,2}$/), v.maxLength(256));

/** SubjectPublicKeyInfo of a P-256 key in the form that the record keeps. */
export const walletSecretPublicKey = v.pipe(
  base64,
  v.description('SubjectPublicKeyInfo of a P-256 key with an uncompressed point, DER (91 bytes), base64.'),
);
export const walletSecretProof = v.pipe(
  base64,
  v.description(
    'Signature r||s (ES256) of the new key over "strongroom/wallet-secret-proof/v1" || project id(32) || public key(91), base64.',
  ),
);

/** Body of POST /v2/enclave/wallet-secrets. */
export const addWalletSecretBody = v.strictObject({
  publicKey: walletSecretPublicKey,
  proof: walletSecretProof,
  retireOthersAt: v.optional(
    v.pipe(
      v.string(),
      v.isoTimestamp(),
      v.description(
        'When every other Wallet Secret stops to count. Left out, all stay until they are revoked.',
      ),
    ),
  ),
});

/** A Wallet Secret as it is shown once it counts. */
export const walletSecretBody = v.strictObject({
  id: v.pipe(v.string(), v.description('The first 16 bytes of SHA-256 over the public key, hex.')),
  publicKey: v.string(),
  state: v.literal('active'),
});
