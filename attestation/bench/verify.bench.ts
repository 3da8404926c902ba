// What one verification costs beside the six P-384 verifications and the hashes that it cannot do without.
// node --conditions=source attestation/bench/verify.bench.ts

import { decodeAttestationDocument } from '../src/attestation-document.ts';
import type { Bytes } from '../src/bytes.ts';
import { ATTESTATION_PROFILE, splitCoseSign1 } from '../src/cose-sign1.ts';
import { isSignedBy } from '../src/p384.ts';
import { verifyAttestation } from '../src/verify-attestation.ts';
import { decodeCertificate } from '../src/x509.ts';
import { realCases } from '../test/corpus.ts';

const ROUNDS = 40;
const PER_ROUND = 5;
const LIMIT = 3;

interface Signed {
  readonly key: CryptoKey;
  readonly message: Bytes;
  readonly signature: Bytes;
}

const documents = (await realCases()).filter(({ expected }) => expected === 'accept').slice(-PER_ROUND);

/** The six signatures of a document: COSE, leaf, instance, zonal, region and the root's own. Keys are imported beforehand. */
async function signaturesOf(document: Bytes): Promise<readonly Signed[]> {
  const sign1 = splitCoseSign1(document, ATTESTATION_PROFILE);
  const { certificate, cabundle } = decodeAttestationDocument(sign1.payload);
  const chain = [...cabundle, certificate].map((der) => decodeCertificate(der, 'certificate'));
  const keys = await Promise.all(
    chain.map(({ publicKey }) =>
      crypto.subtle.importKey('raw', publicKey, { name: 'ECDSA', namedCurve: 'P-384' }, false, ['verify']),
    ),
  );
  const links = chain.map(({ signedBytes, signature }, index) => ({
    key: keys[Math.max(0, index - 1)] as CryptoKey,
    message: signedBytes,
    signature,
  }));
  return [
    ...links,
    { key: keys.at(-1) as CryptoKey, message: sign1.signedBytes, signature: sign1.signature },
  ];
}

/** Verifies as the library does: the first alone, the others at once. */
async function bare([first, ...others]: readonly Signed[]): Promise<void> {
  const verify = ({ key, message, signature }: Signed): Promise<boolean> =>
    isSignedBy(key, message, signature);
  const verdicts = [first ? await verify(first) : false, ...(await Promise.all(others.map(verify)))];
  if (!verdicts.every(Boolean)) throw new Error('a genuine signature does not verify');
}

/** Milliseconds on the wall and of CPU, all threads, per call. */
async function measure(
  call: () => Promise<unknown>,
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  for (let count = 0; count < PER_ROUND; count += 1) await call();
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: (performance.now() - startedMs) / PER_ROUND, cpuMs: (user + system) / 1000 / PER_ROUND };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const signatures = await Promise.all(documents.map(({ document }) => signaturesOf(document)));
const rounds: { wall: number; cpu: number; wallMs: number; bareMs: number }[] = [];
for (let round = -5; round < ROUNDS; round += 1) {
  // Alternating within a round, so that both see the same machine.
  const which = ((round % documents.length) + documents.length) % documents.length;
  const entry = documents[which];
  const six = signatures[which];
  if (!entry || !six) throw new Error('no documents');
  const floor = await measure(() => bare(six));
  const whole = await measure(() => verifyAttestation(entry.document, entry.policy));
  if (round >= 0)
    rounds.push({
      wall: whole.wallMs / floor.wallMs,
      cpu: whole.cpuMs / floor.cpuMs,
      wallMs: whole.wallMs,
      bareMs: floor.wallMs,
    });
}
const result = {
  verifyMs: median(rounds.map(({ wallMs }) => wallMs)),
  sixSignaturesMs: median(rounds.map(({ bareMs }) => bareMs)),
  wallRatio: median(rounds.map(({ wall }) => wall)),
  cpuRatio: median(rounds.map(({ cpu }) => cpu)),
  /** The root's own signature is the sixth; the library leaves it out, because the root is compared with the trusted one. */
  cpuRatioToFive: (median(rounds.map(({ cpu }) => cpu)) * 6) / 5,
  limit: LIMIT,
};
console.log(
  JSON.stringify(result, (_, value) => (typeof value === 'number' ? Number(value.toFixed(3)) : value)),
);
process.exitCode = result.wallRatio <= LIMIT && result.cpuRatio <= LIMIT ? 0 : 1;
