// Writes vectors/attestation/issued, the same bytes each time: certificates that an enclave issues and the library verifies.
// node --conditions=source attestation/scripts/make-issued-vectors.ts
import { encodeHex } from '../src/bytes.ts';
import {
  ACCOUNTS_DIGEST,
  ADDRESS,
  CONTENT_DIGEST,
  IDENTITY_KEY,
  IDENTITY_SEED,
  ISSUED_CASES,
  PROJECT_ID,
  PUBLIC_KEY,
} from './forge/issued-cases.ts';
import { writeFolder } from './forge/write-folder.ts';

const cases = Object.entries(ISSUED_CASES);
writeFolder('issued', Object.fromEntries(cases.map(([name, { bytes }]) => [`${name}.cbor`, bytes])), {
  identitySeedHex: encodeHex(IDENTITY_SEED),
  identityKeyHex: encodeHex(IDENTITY_KEY),
  contentDigestHex: encodeHex(CONTENT_DIGEST),
  projectIdHex: encodeHex(PROJECT_ID),
  address: ADDRESS,
  publicKeyHex: encodeHex(PUBLIC_KEY),
  accountsDigestHex: encodeHex(ACCOUNTS_DIGEST),
  cases: cases.map(([name, { kind, reason, code }]) => ({ name, kind, expected: code ?? 'accept', reason })),
});
console.log(`${cases.length} certificates`);
