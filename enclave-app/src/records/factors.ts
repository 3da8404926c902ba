import {
  FACTOR_PURPOSES,
  MAX_CREDENTIAL_ID_BYTES,
  MAX_ORIGINS,
  MAX_PASSKEYS,
  MAX_RECOVERY_CODES,
} from '@strongroom/shared/api/factor-body';
import { bytesOf, bytesUpTo, textUpTo, uint } from '@strongroom/shared/operations/fields';
import * as v from 'valibot';

const passkeySchema = v.strictObject({
  credentialId: bytesUpTo(MAX_CREDENTIAL_ID_BYTES),
  /** SubjectPublicKeyInfo of a P-256 key, DER, 91 bytes: ES256 and nothing else. */
  publicKey: bytesOf(91),
  name: textUpTo(36),
  /** The highest that was seen; zero for authenticators that do not count. */
  signCount: uint,
  enrolledAtMs: uint,
});

export const factorsSchema = v.strictObject({
  /** Where passkeys are used; null while there are none. */
  webauthn: v.nullable(
    v.strictObject({
      rpId: textUpTo(253),
      origins: v.pipe(v.array(textUpTo(270)), v.maxLength(MAX_ORIGINS)),
    }),
  ),
  passkeys: v.pipe(v.array(passkeySchema), v.maxLength(MAX_PASSKEYS)),
  /** RFC 6238: key and the last 30-second step of which a code was used. */
  totp: v.nullable(v.strictObject({ secret: bytesOf(20), lastStep: uint })),
  /** SHA-256 digests of those that were not used yet. */
  recoveryCodes: v.pipe(v.array(bytesOf(32)), v.maxLength(MAX_RECOVERY_CODES)),
  requiredFor: v.pipe(v.array(v.picklist(FACTOR_PURPOSES)), v.maxLength(FACTOR_PURPOSES.length)),
});

/** A project's second factors and what it requires one for. */
export type Factors = v.InferOutput<typeof factorsSchema>;
export type Passkey = Factors['passkeys'][number];

export const NO_FACTORS: Factors = {
  webauthn: null,
  passkeys: [],
  totp: null,
  recoveryCodes: [],
  requiredFor: [],
};
