/**
 * Every reason for which this library refuses something, with the sentence that people read. One code per rule; codes are
 * never reused for another rule.
 */
export const REASONS = {
  POLICY_INVALID: 'The policy is not an object of the documented fields.',
  POLICY_PCR_MISSING: 'The policy must pin PCR0, PCR1 and PCR2; PCR3, PCR4 or PCR8 alone prove no image.',
  POLICY_PCR_EMPTY: 'A set of allowed PCR values is empty.',
  POLICY_PCR_LENGTH: 'A pinned PCR value is not 48 bytes.',
  POLICY_PCR_ZERO: 'A pinned PCR value is zero, as in any debug enclave.',
  POLICY_NONCE:
    'The nonce to expect is neither 1 to 512 bytes nor none-asked (of a service, 16 to 64 bytes).',
  POLICY_CLOCK: 'The time is not a positive whole number of milliseconds.',
  POLICY_AGE: 'Maximum age or clock skew is not a sensible whole number of milliseconds.',
  POLICY_BINDING: 'Expected user_data or public_key is neither bytes nor absent nor unchecked.',
  POLICY_ROOT: 'This trust anchor cannot be chosen here.',
  POLICY_DENYLIST: 'The denied certificates are not a list of issuer and serial number.',
  ANCHOR_FINGERPRINT: 'The built-in root certificate lacks its published fingerprint; this copy is damaged.',

  INPUT_NOT_BYTES: 'The input is not a Uint8Array.',
  INPUT_EMPTY: 'The input is empty.',
  INPUT_TOO_LARGE: 'The input is larger than any that is valid.',
  INPUT_IS_TEXT: 'The input is text (base64?) where bytes are due.',

  CBOR_TRUNCATED: 'The CBOR ends inside an item, or an item declares more than there is.',
  CBOR_TRAILING_BYTES: 'Bytes follow the CBOR item.',
  CBOR_NON_MINIMAL: 'A CBOR head is not in its shortest form.',
  CBOR_INDEFINITE_LENGTH: 'A CBOR array or map is of indefinite length.',
  CBOR_CHUNKED_STRING: 'A CBOR string is sent in chunks.',
  CBOR_RESERVED: 'A CBOR head uses a reserved value.',
  CBOR_UNEXPECTED_BREAK: 'A CBOR break stands where an item is due.',
  CBOR_TAG: 'The CBOR has a tag (other than one COSE_Sign1 tag in front).',
  CBOR_FLOAT: 'The CBOR has a floating-point number.',
  CBOR_SIMPLE_VALUE: 'The CBOR has undefined or an unassigned simple value.',
  CBOR_INTEGER_RANGE: 'A CBOR integer is beyond 2^53-1.',
  CBOR_NEGATIVE: 'A CBOR integer is negative.',
  CBOR_INVALID_UTF8: 'A CBOR text string is not UTF-8.',
  CBOR_DUPLICATE_KEY: 'A CBOR map has a key twice.',
  CBOR_KEY: 'A key of a CBOR map is not of the allowed form.',
  CBOR_KEY_ORDER: 'The keys of a CBOR map are not in order.',
  CBOR_TOO_DEEP: 'The CBOR is nested too deeply.',
  CBOR_TOO_MANY_ITEMS: 'The CBOR has too many items.',

  COSE_NOT_ARRAY: 'The input is not a COSE_Sign1 array.',
  COSE_ELEMENT_COUNT: 'The COSE_Sign1 does not have four elements.',
  COSE_PROTECTED_HEADER: 'The protected header is not exactly the one allowed algorithm.',
  COSE_UNPROTECTED_HEADER: 'The unprotected header, which nobody signs, is not empty.',
  COSE_PAYLOAD: 'The payload is missing, empty or not a byte string.',
  COSE_SIGNATURE_LENGTH: 'The signature is not r||s of the right length.',
  COSE_SIGNATURE_RANGE: 'r or s of the signature is zero or not below the order of the curve.',
  COSE_TRAILING_BYTES: 'Bytes that nobody signed follow the COSE_Sign1.',
  COSE_SIGNATURE_INVALID: 'The signature does not verify over the content.',

  PAYLOAD_NOT_MAP: 'The payload is not a CBOR map.',
  PAYLOAD_TRAILING_BYTES: 'Bytes follow the map in the payload.',
  FIELD_NAME: 'The name of a field is not text.',
  FIELD_UNKNOWN: 'The payload has a field that documents do not have.',
  FIELD_MISSING: 'A mandatory field is missing.',
  FIELD_NULL: 'A mandatory field is null.',
  FIELD_TYPE: 'A field has the wrong CBOR type.',
  NITROTPM_DOCUMENT: 'This is a document of NitroTPM (an EC2 instance), not of a Nitro Enclave.',
  MODULE_ID_EMPTY: 'module_id is empty.',
  MODULE_ID_FORMAT: 'module_id is not that of an enclave.',
  DIGEST_ALGORITHM: 'digest is not SHA384.',
  TIMESTAMP_RANGE: 'timestamp is not positive.',
  PCR_COUNT: 'The document has no PCRs or more than 32.',
  PCR_INDEX: 'A PCR index is not 0 to 31.',
  PCR_LENGTH: 'A PCR value is not 48 bytes.',
  CERTIFICATE_LENGTH: 'A certificate is empty or longer than 1024 bytes.',
  CABUNDLE_EMPTY: 'cabundle is empty.',
  CABUNDLE_TOO_LONG: 'cabundle has more than 8 certificates.',
  PUBLIC_KEY_LENGTH: 'public_key is empty or longer than 1024 bytes.',
  USER_DATA_LENGTH: 'user_data is longer than 512 bytes.',
  NONCE_LENGTH: 'nonce is longer than 512 bytes.',

  X509_DER: 'A certificate is not strict DER of the right structure.',
  X509_TRAILING_BYTES: 'Bytes follow a certificate.',
  X509_VERSION: 'A certificate is not X.509 version 3.',
  X509_SERIAL: 'A serial number is not positive or longer than 20 bytes.',
  X509_SIGNATURE_ALGORITHM: 'A certificate is not signed with ecdsa-with-SHA384.',
  X509_SIGNATURE_ALGORITHM_MISMATCH: 'The two signature algorithms in a certificate differ.',
  X509_SIGNATURE_ENCODING: 'The signature of a certificate is not a DER ECDSA signature on P-384.',
  X509_PUBLIC_KEY: 'A public key is not an uncompressed point on P-384.',
  X509_DATE: 'A date is not in the form that RFC 5280 demands.',
  X509_EXTENSIONS_MISSING: 'A certificate has no extensions.',
  X509_EXTENSION_DUPLICATE: 'A certificate has the same extension twice.',
  X509_EXTENSION_CRITICAL: 'A certificate has a critical extension that is not known here.',
  X509_BASIC_CONSTRAINTS: 'basicConstraints is malformed.',
  X509_KEY_USAGE: 'keyUsage is malformed.',
  X509_NOT_YET_VALID: 'A certificate is not yet valid at the given time.',
  X509_EXPIRED: 'A certificate has expired at the given time.',
  X509_DENIED: 'A certificate is denied.',
  X509_SIGNATURE_INVALID: 'The signature of a certificate does not verify with the key of its issuer.',

  CHAIN_ROOT: 'The chain does not begin at the trusted root.',
  CHAIN_ISSUER: 'A certificate does not name the one before it as its issuer.',
  CHAIN_SELF_ISSUED: 'A certificate below the root names itself as issuer.',
  CA_BASIC_CONSTRAINTS: 'A certificate that issues another is not, critically, a CA.',
  CA_KEY_USAGE: 'A certificate that issues another may not sign certificates.',
  CA_PATH_LENGTH: 'The chain below a CA is longer than its pathLenConstraint.',
  LEAF_IS_CA: 'The certificate of the enclave is a CA.',
  LEAF_PATH_LENGTH: 'The certificate of the enclave has a pathLenConstraint.',
  LEAF_KEY_USAGE: 'The certificate of the enclave may not make digital signatures, or may sign certificates.',

  PCR4_INCONSISTENT: 'PCR4 does not measure the instance in module_id.',
  TIMESTAMP_OUTSIDE_CERTIFICATE: 'The timestamp is outside the validity of the certificate.',
  TIMESTAMP_IN_FUTURE: 'The timestamp is further in the future than clocks may differ.',
  TIMESTAMP_TOO_OLD: 'The document is older than the policy allows.',
  DEBUG_DOCUMENT: 'PCR0, PCR1 or PCR2 is zero: a debug enclave, whose memory can be read.',
  NOT_DEBUG_DOCUMENT: 'This is not the document of a debug enclave.',
  PCR_ABSENT: 'The document lacks a PCR that the policy pins.',
  PCR_MISMATCH: 'A PCR is not one of the pinned values.',
  NONCE_ABSENT: 'The document has no nonce; one was asked for.',
  NONCE_MISMATCH: 'The nonce is not the one that was asked for.',
  USER_DATA_MISMATCH: 'user_data is not what the policy expects.',
  PUBLIC_KEY_MISMATCH: 'public_key is not what the policy expects.',

  MANIFEST_MALFORMED: 'The manifest has a wrong, missing or unknown field.',
  MANIFEST_DIGEST: 'user_data is not the SHA-256 of the manifest.',
  MANIFEST_PURPOSE: 'The document was made for another purpose.',
  MANIFEST_PHASE: 'The enclave was in another phase.',
  MANIFEST_IDENTITY: 'Deployment id and identity key do not belong together, or are missing.',
  MANIFEST_DEPLOYMENT: 'This is another deployment than the one expected.',
  MANIFEST_CONFIGURATION: 'The measured configuration is not one that is expected.',
  MANIFEST_SECURITY_EPOCH: 'The security epoch is lower than expected.',

  STATEMENT_MALFORMED: 'The certificate has a wrong, missing or unknown field.',
  STATEMENT_TYPE: 'The certificate is of another type.',
  STATEMENT_SIGNATURE_INVALID: 'The certificate is not signed by the identity key.',
  STATEMENT_IDENTITY_KEY: 'The identity key is not an Ed25519 key of 32 bytes.',
  STATEMENT_DEPLOYMENT: 'The certificate names another deployment.',
  STATEMENT_PROJECT: 'The certificate names another project.',
  STATEMENT_NONCE: 'The certificate is not over the nonce that was asked for.',
  STATEMENT_ADDRESS: 'The certificate names another address.',
  STATEMENT_ACCOUNTS: 'The certificate is of other accounts than those expected.',
  STATEMENT_CONTENT: 'The certificate is of other content than that of the archive.',
} as const;

export type AttestationErrorCode = keyof typeof REASONS;

/** The only error that this library throws on purpose: a code of the closed list, never bytes of the input. */
export class AttestationError extends Error {
  override readonly name = 'AttestationError';
  readonly code: AttestationErrorCode;
  /** Which part of the input, in this library's own words (`pcrs`, `cabundle[2]`), or null. */
  readonly where: string | null;

  constructor(code: AttestationErrorCode, where: string | null = null) {
    super(where === null ? REASONS[code] : `${REASONS[code]} (${where})`);
    this.code = code;
    this.where = where;
  }
}

/** Throws {@link AttestationError} with `code` unless `condition` holds. */
export function assertThat(
  condition: boolean,
  code: AttestationErrorCode,
  where: string | null = null,
): asserts condition {
  if (!condition) throw new AttestationError(code, where);
}
