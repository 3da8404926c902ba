import { Buffer } from 'node:buffer';
import { NULL, uint } from './cbor-writer.ts';
import { certificate, type Issued, LEAF_CONSTRAINTS, LEAF_USAGE, NOW_MS, selfSignedRoot } from './chain.ts';
import { commonName } from './der-writer.ts';
import { type DocumentDefects, pcr, pcrMap, pcrValues, ZERO_PCR } from './document.ts';
import type { VectorCase, VectorCases } from './vector-case.ts';

const HOUR_MS = 3_600_000;
const arrange = (
  code: VectorCase['code'],
  reason: string,
  make: (issued: readonly Issued[]) => readonly Uint8Array[],
): VectorCase => ({
  reason,
  code,
  defects: { bundle: (issued) => ({ cabundle: make(issued), leaf: at(issued, 4) }) },
});
const at = (issued: readonly Issued[], index: number): Uint8Array => issued[index]?.der ?? Buffer.alloc(0);
const of = (defects: DocumentDefects, code: VectorCase['code'], reason: string): VectorCase => ({
  reason,
  code,
  defects,
});
const measured = (
  values: Readonly<Record<number, Uint8Array | null>>,
  code: VectorCase['code'],
  reason: string,
): VectorCase =>
  of(
    { fields: { pcrs: pcrMap(pcrValues().flatMap(([index, value]) => pick(index, value, values))) } },
    code,
    reason,
  );
const pick = (index: number, value: Uint8Array, values: Readonly<Record<number, Uint8Array | null>>) => {
  const change = values[index];
  return change === null ? [] : [[index, change ?? value] as const];
};
const at1200 = (deltaMs: number, code: VectorCase['code'], reason: string): VectorCase =>
  of({ fields: { timestamp: uint(NOW_MS + deltaMs) } }, code, reason);

/** Certificates as a chain. */
const CHAIN: VectorCases = {
  'chain-no-root': arrange('CHAIN_ROOT', 'bundle without the root', (issued) =>
    [1, 2, 3].map((index) => at(issued, index)),
  ),
  'chain-leaf-first': arrange('CHAIN_ROOT', 'bundle in the opposite order', (issued) =>
    [3, 2, 1, 0].map((index) => at(issued, index)),
  ),
  'chain-swapped': arrange('CHAIN_ISSUER', 'zonal before region', (issued) =>
    [0, 2, 1, 3].map((index) => at(issued, index)),
  ),
  'chain-gap': arrange('CHAIN_ISSUER', 'no zonal', (issued) => [0, 1, 3].map((index) => at(issued, index))),
  'chain-root-twice': arrange('CHAIN_SELF_ISSUED', 'root twice', (issued) =>
    [0, 0, 1, 2, 3].map((index) => at(issued, index)),
  ),
  'chain-region-twice': arrange('CHAIN_ISSUER', 'region twice', (issued) =>
    [0, 1, 1, 2, 3].map((index) => at(issued, index)),
  ),
  'chain-leaf-in-bundle': arrange('CHAIN_ISSUER', 'leaf at the end of the bundle', (issued) =>
    [0, 1, 2, 3, 4].map((index) => at(issued, index)),
  ),
  'chain-root-only': arrange('CHAIN_ISSUER', 'root alone, leaf by the instance', (issued) => [at(issued, 0)]),
  'chain-other-root': {
    reason: 'another root with the same name',
    code: 'CHAIN_ROOT',
    defects: { bundle: (issued) => otherRoot(issued) },
  },
  'chain-self-issued-leaf': {
    reason: 'leaf signed by its own key',
    code: 'CHAIN_SELF_ISSUED',
    defects: { bundle: selfSignedLeaf },
  },
  'chain-leaf-issues': {
    reason: 'a certificate issued by the leaf',
    code: 'CA_BASIC_CONSTRAINTS',
    defects: { bundle: belowLeaf },
  },
  'chain-issuer-name': {
    reason: 'issuer named in another string type',
    code: 'CHAIN_ISSUER',
    defects: { certificates: { zonal: { issuer: printableName('region.test') } } },
  },
  'chain-issuer-case': {
    reason: 'issuer named in another case',
    code: 'CHAIN_ISSUER',
    defects: { certificates: { zonal: { issuer: commonName('REGION.test') } } },
  },
};

/** What only a policy can refuse. */
const POLICY: VectorCases = {
  'debug-all-zero': measured(
    { 0: ZERO_PCR, 1: ZERO_PCR, 2: ZERO_PCR },
    'DEBUG_DOCUMENT',
    'PCR0, PCR1 and PCR2 zero',
  ),
  'debug-pcr0-zero': measured({ 0: ZERO_PCR }, 'DEBUG_DOCUMENT', 'PCR0 zero'),
  'debug-pcr1-zero': measured({ 1: ZERO_PCR }, 'DEBUG_DOCUMENT', 'PCR1 zero'),
  'debug-pcr2-zero': measured({ 2: ZERO_PCR }, 'DEBUG_DOCUMENT', 'PCR2 zero'),
  'pcr0-absent': measured({ 0: null }, 'PCR_ABSENT', 'no PCR0'),
  'pcr1-absent': measured({ 1: null }, 'PCR_ABSENT', 'no PCR1'),
  'pcr2-absent': measured({ 2: null }, 'PCR_ABSENT', 'no PCR2'),
  'pcr0-other': measured({ 0: pcr('other') }, 'PCR_MISMATCH', 'another PCR0'),
  'pcr1-other': measured({ 1: pcr('other') }, 'PCR_MISMATCH', 'another PCR1'),
  'pcr2-other': measured({ 2: pcr('other') }, 'PCR_MISMATCH', 'another PCR2'),
  'pcr3-absent': measured({ 3: null }, null, 'PCR3 is not pinned'),
  'nonce-asked': {
    ...of({}, null, 'the nonce that was asked for'),
    policy: { nonceHex: '000102030405060708090a0b0c0d0e0f' },
  },
  'nonce-absent': {
    ...of({ fields: { nonce: NULL } }, 'NONCE_ABSENT', 'null, one was asked for'),
    policy: { nonceHex: '00' },
  },
  'nonce-other': {
    ...of({}, 'NONCE_MISMATCH', 'another'),
    policy: { nonceHex: '000102030405060708090a0b0c0d0e0e' },
  },
  'nonce-prefix': {
    ...of({}, 'NONCE_MISMATCH', 'longer than the one asked for'),
    policy: { nonceHex: '0001020304050607' },
  },
  'timestamp-skew': at1200(30_000, null, '30 s ahead'),
  'timestamp-future': at1200(30_001, 'TIMESTAMP_IN_FUTURE', 'more than 30 s ahead'),
  'timestamp-age': at1200(-300_000, null, '300 s old'),
  'timestamp-too-old': at1200(-300_001, 'TIMESTAMP_TOO_OLD', 'more than 300 s old'),
  'timestamp-before-leaf': {
    ...at1200(-HOUR_MS - 1, 'TIMESTAMP_OUTSIDE_CERTIFICATE', 'before its own certificate'),
    policy: { maxAgeMs: 4 * HOUR_MS },
  },
  'evaluated-late': {
    ...of({}, 'X509_EXPIRED', 'valid at its own time, evaluated three hours later'),
    policy: { evaluateAtMs: NOW_MS + 3 * HOUR_MS, maxAgeMs: 4 * HOUR_MS },
  },
  'denied-zonal': { ...of({}, 'X509_DENIED', 'zonal certificate denied'), policy: { denied: 'zonal' } },
  'denied-root': { ...of({}, 'X509_DENIED', 'root denied'), policy: { denied: 'root' } },
};

export const CHAIN_AND_POLICY_CASES: VectorCases = { ...CHAIN, ...POLICY };

function otherRoot(issued: readonly Issued[]): { cabundle: readonly Uint8Array[]; leaf: Uint8Array } {
  const fake = selfSignedRoot();
  return { cabundle: [fake.der, ...[1, 2, 3].map((index) => at(issued, index))], leaf: at(issued, 4) };
}

function selfSignedLeaf(issued: readonly Issued[]): { cabundle: readonly Uint8Array[]; leaf: Uint8Array } {
  const key = issued[4]?.key;
  const base = { hours: [1, 2] as const, extensions: [LEAF_CONSTRAINTS, LEAF_USAGE] };
  return { cabundle: [at(issued, 0)], leaf: certificate('self.test', null, base, key ? { key } : {}).der };
}

/** The leaf moves into the bundle; the document's own certificate is one that the leaf signed for its own key. */
function belowLeaf(issued: readonly Issued[]): { cabundle: readonly Uint8Array[]; leaf: Uint8Array } {
  const leaf = issued[4] ?? selfSignedRoot();
  const base = { hours: [1, 2] as const, extensions: [LEAF_CONSTRAINTS, LEAF_USAGE] };
  const below = certificate('below.test', leaf, base, { key: leaf.key });
  return { cabundle: issued.map(({ der }) => der), leaf: below.der };
}

function printableName(value: string): Buffer {
  const utf8 = commonName(value);
  const copy = Buffer.from(utf8);
  copy[copy.indexOf(0x0c)] = 0x13;
  return copy;
}
