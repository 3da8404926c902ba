// Writes vectors/attestation/rules: one document per rule under a root of its own, with the code that refuses it.
// node --conditions=source attestation/scripts/make-vectors.ts

import { Buffer } from 'node:buffer';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeUnverifiedAttestation, decodeUnverifiedCertificate } from '../src/unverified.ts';
import { CERTIFICATE_CASES } from './forge/certificate-cases.ts';
import { type Issued, NOW_MS, ROLES, selfSignedRoot } from './forge/chain.ts';
import { CHAIN_AND_POLICY_CASES } from './forge/chain-cases.ts';
import { DATE_CASES } from './forge/date-cases.ts';
import { document, PINS } from './forge/document.ts';
import { ENVELOPE_CASES } from './forge/envelope-cases.ts';
import { EXTENSION_CASES } from './forge/extension-cases.ts';
import { PAYLOAD_CASES } from './forge/payload-cases.ts';
import { PCR_CASES } from './forge/pcr-cases.ts';
import type { VectorCase } from './forge/vector-case.ts';

const directory = new URL('../../vectors/attestation/rules/', import.meta.url);

const GROUPS = [
  ['e', ENVELOPE_CASES],
  ['p', { ...PAYLOAD_CASES, ...PCR_CASES }],
  ['c', { ...EXTENSION_CASES, ...CERTIFICATE_CASES, ...DATE_CASES }],
  ['v', CHAIN_AND_POLICY_CASES],
] as const;

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function describePolicy({ policy = {} }: VectorCase, bytes: Uint8Array): Record<string, unknown> {
  const { denied, ...rest } = policy;
  if (denied === undefined) return rest;
  const { cabundle } = decodeUnverifiedAttestation(bytes);
  const der = cabundle[denied === 'root' ? 0 : ROLES.indexOf(denied as 'zonal') + 1] ?? Buffer.alloc(0);
  const { issuer, serialNumber } = decodeUnverifiedCertificate(der);
  const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
  return { ...rest, denied: [{ issuerHex: hex(issuer), serialNumberHex: hex(serialNumber) }] };
}

rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const root: Issued = selfSignedRoot();
writeFileSync(new URL('root.pem', directory), pem(root.der));
const entries = GROUPS.flatMap(([prefix, cases]) =>
  Object.entries(cases).map(([title, vector]) => {
    const name = `${prefix}-${title}`;
    const own = vector.root?.();
    if (own) writeFileSync(new URL(`${name}.root.pem`, directory), pem(own.der));
    const made = Buffer.from(document(own ?? root, vector.defects));
    const bytes = vector.bytes?.(made) ?? made;
    writeFileSync(new URL(`${name}.bin`, directory), bytes);
    const { code, reason } = vector;
    return {
      name,
      expected: code ?? 'accept',
      reason,
      ...(own ? { root: `${name}.root.pem` } : {}),
      ...describePolicy(vector, bytes),
    };
  }),
);
const shared = {
  evaluateAtMs: NOW_MS,
  maxAgeMs: 300_000,
  maxFutureSkewMs: 30_000,
  nonceHex: null,
  root: 'root.pem',
  pinnedPcrs: Object.fromEntries(PINS.map((value, index) => [index, value.toString('hex')])),
};
const index = `${JSON.stringify({ ...shared, cases: entries }, null, 1)}\n`;
writeFileSync(new URL('INDEX.json', directory), index);
console.log(`${entries.length} documents in ${fileURLToPath(directory)}`);
