import * as v from 'valibot';
import { accountName, policyId } from './account-body.ts';

const base64 = v.pipe(
  v.string(),
  v.regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  v.minLength(4),
  v.maxLength(4096),
);

/** Body of POST /v2/{evm,solana}/accounts/import. */
export const importAccountBody = v.strictObject({
  encryptedPrivateKey: v.pipe(
    base64,
    v.description("The 32 bytes of the key, RSA-OAEP with SHA-256 to the project's import key, base64."),
  ),
  name: v.optional(accountName),
  accountPolicy: v.optional(policyId),
});

/** Body of POST /v2/{evm,solana}/accounts/{address}/export and .../export/by-name/{name}. */
export const exportAccountBody = v.strictObject({
  exportEncryptionKey: v.pipe(
    base64,
    v.description('SubjectPublicKeyInfo of an RSA key of 2048 to 8192 bits, DER, base64.'),
  ),
});

/** Answer of an export. */
export const exportedKeyBody = v.strictObject({
  encryptedPrivateKey: v.pipe(
    v.string(),
    v.description('The 32 bytes of the key, RSA-OAEP with SHA-256, base64.'),
  ),
});
