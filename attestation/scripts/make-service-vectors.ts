// Writes vectors/attestation/service and vectors/attestation/certificates: evidence of Strongroom services and what their
// enclaves sign. node --conditions=source attestation/scripts/make-service-vectors.ts
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { bstr } from './forge/cbor-writer.ts';
import { NOW_MS, selfSignedRoot } from './forge/chain.ts';
import { document, NONCE, PINS } from './forge/document.ts';
import { manifestOf, SERVICE_CASES } from './forge/service-cases.ts';
import {
  ADDRESS,
  IDENTITY_KEY,
  PROJECT_ID,
  STATEMENT_CASES,
  STATEMENT_NONCE,
} from './forge/statement-cases.ts';
import { writeFolder } from './forge/write-folder.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const root = selfSignedRoot();
const serviceFiles: Record<string, Uint8Array> = { 'root.der': root.der };
const services = Object.entries(SERVICE_CASES).map(([name, service]) => {
  const manifest = manifestOf(service);
  const userData = bstr(createHash('sha256').update(manifest).digest());
  serviceFiles[`${name}.bin`] = document(root, { fields: { user_data: userData, ...service.fields } });
  serviceFiles[`${name}.manifest.cbor`] = service.beside?.(manifest) ?? manifest;
  const { code, reason, purpose = 'client', expected = {} } = service;
  return { name, expected: code ?? 'accept', reason, purpose, ...expected };
});
writeFolder('service', serviceFiles, {
  evaluateAtMs: NOW_MS,
  nonceHex: hex(NONCE),
  pinnedPcrs: Object.fromEntries(PINS.map((value, index) => [index, hex(value)])),
  cases: services,
});

const certificateFiles = Object.fromEntries(
  Object.entries(STATEMENT_CASES).map(([name, { bytes }]) => [`${name}.cbor`, bytes]),
);
writeFolder('certificates', certificateFiles, {
  identityKeyHex: hex(IDENTITY_KEY),
  projectIdHex: hex(PROJECT_ID),
  nonceHex: hex(STATEMENT_NONCE),
  address: ADDRESS,
  cases: Object.entries(STATEMENT_CASES).map(([name, { kind, code, reason }]) => ({
    name,
    kind,
    expected: code ?? 'accept',
    reason,
  })),
});
console.log(`${services.length} services, ${Object.keys(certificateFiles).length} certificates`);
