/**
 * Every reason for which this library refuses something, with the sentence that people read. One code per rule; codes are
 * never reused for another rule.
 */
export const REASONS = {
  POLICY_INVALID: 'The policy is not an object of exactly the fields that are documented.',
  POLICY_PCR_MISSING:
    'The policy must pin PCR0, PCR1 and PCR2 together; PCR3, PCR4 or PCR8 alone prove no image.',
  POLICY_PCR_EMPTY: 'The policy has an empty set of allowed PCR values; it would mean nothing or everything.',
  POLICY_PCR_LENGTH: 'A pinned PCR value is not 48 bytes.',
  POLICY_PCR_ZERO: 'A pinned PCR value is all zero, as in any debug enclave.',
  POLICY_NONCE: "The policy's nonce is neither 1 to 512 bytes nor the statement that none was asked.",
  POLICY_CLOCK: "The policy's time is not a positive whole number of milliseconds.",
  POLICY_AGE:
    "The policy's maximum age or allowed clock skew is not a sensible whole number of milliseconds.",
  POLICY_BINDING: "The policy's expected user_data or public_key is neither bytes, 'absent' nor 'unchecked'.",
  POLICY_ROOT: 'The trust anchor is not one that can be chosen here.',
  POLICY_DENYLIST: 'The list of denied certificates is not a list of issuer and serial number.',
  ANCHOR_FINGERPRINT:
    'The built-in root certificate does not have its published fingerprint; this copy is damaged.',

  INPUT_NOT_BYTES: 'The input is not a Uint8Array.',
  INPUT_EMPTY: 'The input is empty.',
  INPUT_TOO_LARGE: 'The input is larger than any attestation document (16 KiB).',
  INPUT_IS_TEXT: 'The input is text (base64 or hexadecimal?) where the bytes themselves are due.',

  CBOR_TRUNCATED: 'The CBOR ends, or declares more bytes than there are, inside an item.',
  CBOR_TRAILING_BYTES: 'Bytes follow the end of the CBOR item.',
  CBOR_NON_MINIMAL: 'A CBOR integer or length is not in its shortest form.',
  CBOR_INDEFINITE_LENGTH: 'A CBOR array or map has no definite length where one is due.',
  CBOR_CHUNKED_STRING: 'A CBOR string is sent in chunks.',
  CBOR_RESERVED: 'A CBOR head uses a reserved value.',
  CBOR_UNEXPECTED_BREAK: 'A CBOR break stands where an item is due.',
  CBOR_TAG: 'The CBOR has a tag other than a single COSE_Sign1 tag in front.',
  CBOR_FLOAT: 'The CBOR has a floating-point number.',
  CBOR_SIMPLE_VALUE: 'The CBOR has undefined or an unassigned simple value.',
  CBOR_INTEGER_RANGE: 'A CBOR integer is beyond 2^53-1.',
  CBOR_NEGATIVE: 'A CBOR integer is negative where none is allowed.',
  CBOR_INVALID_UTF8: 'A CBOR text string is not UTF-8.',
  CBOR_DUPLICATE_KEY: 'A CBOR map has the same key twice.',
  CBOR_KEY: 'A key of a CBOR map is not one of the allowed form.',
  CBOR_KEY_ORDER: 'The keys of a CBOR map are not in canonical order.',
  CBOR_TOO_DEEP: 'The CBOR is nested too deeply.',
  CBOR_TOO_MANY_ITEMS: 'The CBOR has too many items.',

  COSE_NOT_ARRAY: 'The input is not the CBOR array of a COSE_Sign1.',
  COSE_ELEMENT_COUNT: 'The COSE_Sign1 does not have exactly four elements.',
  COSE_PROTECTED_HEADER:
    'The protected header is not exactly the byte string that names the one allowed algorithm.',
  COSE_UNPROTECTED_HEADER: 'The unprotected header, which nobody signs, is not an empty map.',
  COSE_PAYLOAD: 'The signed payload is missing, detached, empty or not a byte string.',
  COSE_SIGNATURE_LENGTH: 'The signature is not a byte string of r||s in the one allowed length.',
  COSE_SIGNATURE_RANGE: 'A component of the signature is zero or not below the order of the curve.',
  COSE_TRAILING_BYTES: 'Bytes follow the COSE_Sign1; nobody signed them.',
  COSE_SIGNATURE_INVALID: "The signature does not verify over the content with the certificate's key.",

  PAYLOAD_NOT_MAP: 'The payload is not a CBOR map.',
  PAYLOAD_TRAILING_BYTES: "Bytes follow the payload's map.",
  FIELD_NAME: "A key of the payload's map is not text.",
  FIELD_UNKNOWN: 'The payload has a field that attestation documents do not have.',
  FIELD_MISSING: 'A mandatory field is missing.',
  FIELD_NULL: 'A mandatory field is null.',
  FIELD_TYPE: 'A field has the wrong CBOR type.',
  NITROTPM_DOCUMENT: 'This is an attestation document of NitroTPM (an EC2 instance), not of a Nitro Enclave.',
  MODULE_ID_EMPTY: 'module_id is empty.',
  MODULE_ID_FORMAT: 'module_id is not that of an enclave.',
  DIGEST_ALGORITHM: 'digest is not SHA384.',
  TIMESTAMP_RANGE: 'timestamp is not a positive whole number of milliseconds below 2^53.',
  PCR_COUNT: 'The document has no PCRs or more than 32.',
  PCR_INDEX: 'A PCR index is not a whole number from 0 to 31.',
  PCR_LENGTH: 'A PCR value is not a byte string of 48 bytes.',
  CERTIFICATE_LENGTH: 'A certificate in the document is empty or longer than 1024 bytes.',
  CABUNDLE_EMPTY: 'cabundle has no certificate.',
  CABUNDLE_TOO_LONG: 'cabundle has more certificates than any chain of this service.',
  PUBLIC_KEY_LENGTH: 'public_key is empty or longer than 1024 bytes.',
  USER_DATA_LENGTH: 'user_data is longer than 512 bytes.',
  NONCE_LENGTH: 'nonce is longer than 512 bytes.',

  X509_DER: 'A certificate is not strict DER of the expected structure.',
  X509_TRAILING_BYTES: 'Bytes follow the end of a certificate.',
  X509_VERSION: 'A certificate is not X.509 version 3.',
  X509_SERIAL: 'A serial number is not positive or is longer than 20 bytes.',
  X509_SIGNATURE_ALGORITHM: 'A certificate is not signed with ecdsa-with-SHA384.',
  X509_SIGNATURE_ALGORITHM_MISMATCH:
    'The signature algorithm inside a certificate differs from the one outside.',
  X509_SIGNATURE_ENCODING:
    "A certificate's signature is not a DER ECDSA signature with components below the curve's order.",
  X509_PUBLIC_KEY: 'A public key is not an uncompressed point on P-384.',
  X509_DATE: 'A date in a certificate is not in the form that RFC 5280 demands.',
  X509_EXTENSIONS_MISSING: 'A certificate has no extensions.',
  X509_EXTENSION_DUPLICATE: 'A certificate has the same extension twice.',
  X509_EXTENSION_CRITICAL: 'A certificate has a critical extension that is not understood here.',
  X509_BASIC_CONSTRAINTS: 'The basicConstraints extension is malformed.',
  X509_KEY_USAGE: 'The keyUsage extension is malformed.',
  X509_NOT_YET_VALID: "A certificate is not yet valid at the verifier's time.",
  X509_EXPIRED: "A certificate has expired at the verifier's time.",
  X509_DENIED: 'A certificate is on the list of denied certificates.',
  X509_SIGNATURE_INVALID: "A certificate's signature does not verify with its issuer's key.",

  CHAIN_ROOT: 'The chain does not begin at the trusted root certificate.',
  CHAIN_ISSUER: 'A certificate does not name its predecessor in the chain as its issuer.',
  CHAIN_SELF_ISSUED: 'A certificate below the root names itself as its issuer.',
  CA_BASIC_CONSTRAINTS: 'A certificate that issues another is not marked, critically, as a CA.',
  CA_KEY_USAGE: 'A certificate that issues another may not sign certificates.',
  CA_PATH_LENGTH: 'A chain is longer below a CA than its pathLenConstraint allows.',
  LEAF_IS_CA: "The enclave's own certificate is a CA.",
  LEAF_PATH_LENGTH: "The enclave's own certificate has a pathLenConstraint.",
  LEAF_KEY_USAGE: "The enclave's own certificate may not make digital signatures, or may do more than that.",

  PCR4_INCONSISTENT: 'PCR4 is not the measurement of the instance that module_id names.',
  TIMESTAMP_OUTSIDE_CERTIFICATE: "The document's timestamp is outside the validity of its own certificate.",
  TIMESTAMP_IN_FUTURE: "The document's timestamp is further in the future than clocks may differ.",
  TIMESTAMP_TOO_OLD: 'The document is older than the policy allows.',
  DEBUG_DOCUMENT: 'PCR0, PCR1 or PCR2 is zero: the enclave runs in debug mode and its memory can be read.',
  NOT_DEBUG_DOCUMENT: 'This is not the document of a debug enclave.',
  PCR_ABSENT: 'The document lacks a PCR that the policy pins.',
  PCR_MISMATCH: 'A PCR is not one of the pinned values.',
  NONCE_ABSENT: 'A nonce was asked for and the document has none.',
  NONCE_MISMATCH: 'The nonce is not the one that was asked for.',
  USER_DATA_MISMATCH: 'user_data is not what the policy expects.',
  PUBLIC_KEY_MISMATCH: 'public_key is not what the policy expects.',

  MANIFEST_MALFORMED: 'The manifest lacks a field, has another, or has one of the wrong type or length.',
  MANIFEST_DIGEST: 'user_data is not the SHA-256 of the manifest.',
  MANIFEST_PURPOSE: 'The document was made for another purpose.',
  MANIFEST_PHASE: 'The enclave was not in a phase in which such a document is valid.',
  MANIFEST_IDENTITY: 'The deployment id is not the SHA-256 of the identity key, or one of them is missing.',
  MANIFEST_DEPLOYMENT: 'This is another deployment than the one expected.',
  MANIFEST_CONFIGURATION: 'The measured configuration is not one of those expected.',
  MANIFEST_SECURITY_EPOCH: 'The security epoch is below the lowest that is expected.',

  STATEMENT_MALFORMED: 'The certificate lacks a field, has another, or has one of the wrong type or length.',
  STATEMENT_TYPE: 'The certificate is of another type.',
  STATEMENT_SIGNATURE_INVALID:
    "The certificate's signature does not verify with the deployment's identity key.",
  STATEMENT_IDENTITY_KEY: 'The identity key is not a usable Ed25519 public key of 32 bytes.',
  STATEMENT_DEPLOYMENT: 'The certificate names another deployment.',
  STATEMENT_PROJECT: 'The certificate names another project.',
  STATEMENT_NONCE: 'The certificate does not carry the nonce that was asked for.',
  STATEMENT_ADDRESS: 'The certificate names another address.',
  STATEMENT_ACCOUNTS: 'The certificate is of other accounts than those expected.',
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
