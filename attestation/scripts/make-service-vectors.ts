// Writes vectors/attestation/service and vectors/attestation/certificates: evidence of Strongroom services and what their
// enclaves sign. node --conditions=source attestation/scripts/make-service-vectors.ts
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
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

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function write(folder: string, files: Readonly<Record<string, Uint8Array>>, index: unknown): void {
  const directory = new URL(`../../vectors/attestation/${folder}/`, import.meta.url);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(new URL(name, directory), bytes);
  writeFileSync(new URL('INDEX.json', directory), `${JSON.stringify(index, null, 1)}\n`);
}

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
write('service', serviceFiles, {
  evaluateAtMs: NOW_MS,
  nonceHex: hex(NONCE),
  pinnedPcrs: Object.fromEntries(PINS.map((value, index) => [index, hex(value)])),
  cases: services,
});

const certificateFiles = Object.fromEntries(
  Object.entries(STATEMENT_CASES).map(([name, { bytes }]) => [`${name}.cbor`, bytes]),
);
write('certificates', certificateFiles, {
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
