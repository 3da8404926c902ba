import type { AttestationPolicy } from '../src/attestation-policy.ts';
import { decodeBase64, decodeHex } from '../src/bytes.ts';
import type { CertificateId } from '../src/certificate-chain.ts';
import type { ImageMeasurement } from '../src/pcr-policy.ts';
import { decodeUnverifiedAttestation } from '../src/unverified.ts';
import { loadFile } from './load-file.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** One document of the corpus, with the policy under which it is judged. */
export interface CorpusCase {
  readonly name: string;
  readonly reason: string;
  /** `accept`, `debug` (accepted by the debug entry alone), or the code that refuses it. */
  readonly expected: string;
  readonly document: Bytes;
  readonly policy: AttestationPolicy;
  /** DER of the trusted root; null for AWS's own. */
  readonly root: Bytes | null;
}

type PinnedPcrs = Readonly<Record<'0' | '1' | '2', string>>;

const OPEN = { nonce: 'none-asked', userData: 'unchecked', publicKey: 'unchecked' } as const;
const AGES = { maxAgeMs: 300_000, maxFutureSkewMs: 30_000 } as const;
/** Pins for documents that have none of their own: debug enclaves, unreadable bytes. */
const SOME_IMAGE: ImageMeasurement = {
  pcr0: new Uint8Array(48).fill(1),
  pcr1: new Uint8Array(48).fill(1),
  pcr2: new Uint8Array(48).fill(1),
};

const json = async (path: string) =>
  JSON.parse(new TextDecoder().decode(await loadFile(`attestation/${path}`)));

export function hex(digits: string): Bytes {
  const bytes = decodeHex(digits);
  if (bytes === null) throw new TypeError('not hexadecimal');
  return bytes;
}

/** Loads a PEM certificate of the corpus as DER. */
export async function loadPem(path: string): Promise<Bytes> {
  const pem = new TextDecoder().decode(await loadFile(`attestation/${path}`));
  const der = decodeBase64(pem.replace(/-----[^-]+-----|\s/g, ''));
  if (der === null) throw new TypeError(`${path} is not PEM`);
  return der;
}

const imageOf = (pcrs: PinnedPcrs): ImageMeasurement => ({
  pcr0: hex(pcrs[0]),
  pcr1: hex(pcrs[1]),
  pcr2: hex(pcrs[2]),
});

/** Documents recorded from hardware, each judged at its own time with its own PCRs and nonce. */
export async function realCases(): Promise<readonly CorpusCase[]> {
  const [index, codes] = await Promise.all([json('real/INDEX.json'), json('CODES.json')]);
  return Promise.all(
    index.map(async ({ name }: { name: string }) => {
      const sidecar = await json(`real/${name}.json`);
      const { timestampMs, pcrs, nonce, debug, reason, expectedAtOwnTimestamp } = sidecar;
      const isValid = expectedAtOwnTimestamp === 'valid';
      const nowMs = timestampMs ?? Date.UTC(2026, 0, 3);
      const image = isValid ? imageOf(pcrs) : SOME_IMAGE;
      const policy = {
        ...OPEN,
        ...AGES,
        images: [image] as const,
        nowMs,
        nonce: nonce ? hex(nonce) : OPEN.nonce,
      };
      const expected = isValid ? 'accept' : debug && !codes.real[name] ? 'debug' : codes.real[name];
      const document = await loadFile(`attestation/real/${name}.bin`);
      return { name, reason: reason ?? expectedAtOwnTimestamp, expected, document, policy, root: null };
    }),
  );
}

/** Variants of one recorded document. */
export async function mutantCases(): Promise<readonly CorpusCase[]> {
  const [index, codes] = await Promise.all([json('mutants/INDEX.json'), json('CODES.json')]);
  const { pcrs, nonce } = decodeUnverifiedAttestation(await loadFile('attestation/mutants/m00-baseline.bin'));
  const [pcr0, pcr1, pcr2] = [0, 1, 2].map((i) => pcrs.get(i));
  if (!pcr0 || !pcr1 || !pcr2) throw new TypeError('the baseline lacks PCRs');
  return Promise.all(
    index.map(async (entry: { name: string; reason: string; expected: string; evaluateAtMs: number }) => ({
      name: entry.name,
      reason: entry.reason,
      expected: entry.expected.startsWith('accept') ? 'accept' : codes.mutants[entry.name],
      document: await loadFile(`attestation/mutants/${entry.name}.bin`),
      policy: {
        ...OPEN,
        ...AGES,
        images: [{ pcr0, pcr1, pcr2 }] as const,
        nowMs: entry.evaluateAtMs,
        nonce: nonce ?? OPEN.nonce,
      },
      root: null,
    })),
  );
}

/** Synthetic documents: one rule broken each, and attacks on the trust anchor. */
export async function devRootCases(): Promise<readonly CorpusCase[]> {
  const [{ docs, pinnedPcrs }, codes, root] = await Promise.all([
    json('devroot/INDEX.json'),
    json('CODES.json'),
    loadPem('devroot/dev-root.pem'),
  ]);
  return Promise.all(
    docs.map(
      async (entry: {
        name: string;
        reason: string;
        expected: string;
        trustAnchor: string;
        evaluateAtMs: number;
      }) => ({
        name: entry.name,
        reason: entry.reason,
        expected: codes.devroot[entry.name] ?? entry.expected,
        document: await loadFile(`attestation/devroot/${entry.name}.bin`),
        policy: { ...OPEN, ...AGES, images: [imageOf(pinnedPcrs)] as const, nowMs: entry.evaluateAtMs },
        root: entry.trustAnchor === 'AWS G1' ? null : root,
      }),
    ),
  );
}

interface RuleEntry {
  readonly name: string;
  readonly reason: string;
  readonly expected: string;
  readonly root?: string;
  readonly evaluateAtMs?: number;
  readonly maxAgeMs?: number;
  readonly nonceHex?: string;
  readonly denied?: readonly { readonly issuerHex: string; readonly serialNumberHex: string }[];
}

/** Our own synthetic documents: `attestation/scripts/make-vectors.ts` writes them. */
export async function ruleCases(): Promise<readonly CorpusCase[]> {
  const { cases, pinnedPcrs, ...shared } = await json('rules/INDEX.json');
  return Promise.all(
    cases.map(async (entry: RuleEntry) => {
      const { evaluateAtMs, maxAgeMs, maxFutureSkewMs, nonceHex, root } = { ...shared, ...entry };
      const denied = (entry.denied ?? []).map(
        (id): CertificateId => ({ issuer: hex(id.issuerHex), serialNumber: hex(id.serialNumberHex) }),
      );
      const nonce = nonceHex === null ? OPEN.nonce : hex(nonceHex);
      const context = {
        ...OPEN,
        maxAgeMs,
        maxFutureSkewMs,
        nowMs: evaluateAtMs,
        nonce,
        deniedCertificates: denied,
      };
      return {
        name: entry.name,
        reason: entry.reason,
        expected: entry.expected,
        document: await loadFile(`attestation/rules/${entry.name}.bin`),
        policy: { ...context, images: [imageOf(pinnedPcrs)] as const },
        root: await loadPem(`rules/${root}`),
      };
    }),
  );
}
