// Puts the whole corpus before openssl as well, and prints where it and this library disagree.
// node --conditions=source attestation/scripts/cross-check.ts
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttestationError } from '../src/attestation-error.ts';
import { ATTESTATION_PROFILE, splitCoseSign1 } from '../src/cose-sign1.ts';
import { awsTrustAnchor } from '../src/trust-anchors.ts';
import { decodeUnverifiedAttestation } from '../src/unverified.ts';
import { verifyAttestation } from '../src/verify-attestation.ts';
import { verifyAttestationWithCustomRoot } from '../src/verify-attestation-with-custom-root.ts';
import {
  verifyDebugAttestation,
  verifyDebugAttestationWithCustomRoot,
} from '../src/verify-debug-attestation.ts';
import { type CorpusCase, devRootCases, mutantCases, realCases, ruleCases } from '../test/corpus.ts';

const directory = mkdtempSync(join(tmpdir(), 'cross-check-'));
const at = (name: string): string => join(directory, name);
const openssl = (args: readonly string[]): { readonly isOk: boolean; readonly stdout: Buffer } => {
  const { status, stdout } = spawnSync('openssl', args, { maxBuffer: 1 << 24 });
  return { isOk: status === 0, stdout };
};

function writePem(name: string, certificates: readonly Uint8Array[]): string {
  const pem = certificates.map((der) => {
    const lines =
      Buffer.from(der)
        .toString('base64')
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  });
  writeFileSync(at(name), pem.join(''));
  return at(name);
}

/** r||s as ECDSA-Sig-Value. */
function derSignature(rs: Uint8Array): Buffer {
  const integer = (bytes: Uint8Array): Buffer => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const magnitude = Buffer.from(bytes.subarray(first === -1 ? bytes.length - 1 : first));
    const padded = (magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude;
    return Buffer.concat([Buffer.of(2, padded.length), padded]);
  };
  const content = Buffer.concat([integer(rs.subarray(0, 48)), integer(rs.subarray(48))]);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

/** What openssl says of the chain at the policy's time and of the signature; null when there is nothing to put before it. */
async function opensslVerdict({ document, policy, root }: CorpusCase): Promise<boolean | null> {
  let claims: ReturnType<typeof decodeUnverifiedAttestation>;
  try {
    claims = decodeUnverifiedAttestation(document);
  } catch {
    return null;
  }
  const anchor = writePem('root.pem', [root ?? (await awsTrustAnchor('aws')).der]);
  const rest = writePem('rest.pem', claims.cabundle.slice(1));
  const leaf = writePem('leaf.pem', [claims.certificate]);
  const attime = String(Math.floor(policy.nowMs / 1000));
  const untrusted = claims.cabundle.length > 1 ? ['-untrusted', rest] : [];
  const purpose = ['-no-CAfile', '-no-CApath', '-no-CAstore', '-attime', attime];
  const chain = openssl(['verify', ...purpose, '-trusted', anchor, ...untrusted, leaf]);
  const publicKey = openssl(['x509', '-in', leaf, '-noout', '-pubkey']);
  writeFileSync(at('key.pem'), publicKey.stdout);
  writeFileSync(at('signature.der'), derSignature(claims.signature));
  writeFileSync(at('signed.bin'), splitCoseSign1(Uint8Array.from(document), ATTESTATION_PROFILE).signedBytes);
  const signature = openssl([
    'dgst',
    '-sha384',
    '-verify',
    at('key.pem'),
    '-signature',
    at('signature.der'),
    at('signed.bin'),
  ]);
  return chain.isOk && signature.isOk;
}

/** What this library says: accepted by either entry, or the code. */
async function libraryVerdict({ document, policy, root }: CorpusCase): Promise<string> {
  const { images: _, ...context } = policy;
  const codeOf = async (call: () => Promise<unknown>): Promise<string> => {
    try {
      await call();
      return 'accepted';
    } catch (error) {
      if (error instanceof AttestationError) return error.code;
      throw error;
    }
  };
  const code = await codeOf(() =>
    root ? verifyAttestationWithCustomRoot(document, policy, root) : verifyAttestation(document, policy),
  );
  if (code !== 'DEBUG_DOCUMENT') return code;
  return codeOf(() =>
    root
      ? verifyDebugAttestationWithCustomRoot(document, context, root)
      : verifyDebugAttestation(document, context),
  );
}

/** Where openssl refuses and this library does not, with the reason why this library is right. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'c-leaf-last-second': 'RFC 5280 section 4.1.2.5 counts notAfter in; openssl ends a second before',
};

const cases = [
  ...(await realCases()),
  ...(await mutantCases()),
  ...(await devRootCases()),
  ...(await ruleCases()),
];
const tally = {
  agreeAccepted: 0,
  agreeRefused: 0,
  notDecodable: 0,
  stricter: {} as Record<string, string[]>,
  laxer: [] as string[],
};
for (const entry of cases) {
  const [theirs, ours] = [await opensslVerdict(entry), await libraryVerdict(entry)];
  if (theirs === null && ours !== 'accepted') tally.notDecodable += 1;
  else if (theirs === true && ours === 'accepted') tally.agreeAccepted += 1;
  else if (theirs === false && ours !== 'accepted') tally.agreeRefused += 1;
  else if (theirs === true) tally.stricter[ours] = [...(tally.stricter[ours] ?? []), entry.name];
  else if (EXPLAINED[entry.name])
    console.log(`${entry.name}: accepted here alone. ${EXPLAINED[entry.name]}.`);
  else tally.laxer.push(`${entry.name}: openssl says ${theirs}, this library ${ours}`);
}

const cms = new URL('../../vectors/cms/', import.meta.url);
const envelopes = { decrypted: [] as string[], parsed: [] as string[], disagreements: [] as string[] };
for (const file of readdirSync(cms).filter((name) => name.endsWith('.json'))) {
  const { name, ridHex, plaintextHex } = JSON.parse(readFileSync(new URL(file, cms), 'utf8'));
  const path = new URL(`${name}.der`, cms).pathname;
  const key = new URL(`${name}.key.pem`, cms).pathname;
  const printed = openssl(['cms', '-cmsout', '-print', '-inform', 'DER', '-in', path]);
  const digits = printed.stdout
    .toString('latin1')
    .replace(/^\s*[0-9a-f]{4} - |\s{2,}.{1,16}$/gm, '')
    .replace(/[^0-9a-f]/g, '');
  if (!printed.isOk || !digits.includes(ridHex)) envelopes.disagreements.push(`${name}: recipient`);
  else envelopes.parsed.push(name);
  if (plaintextHex === undefined) continue;
  const opened = openssl(['cms', '-decrypt', '-inform', 'DER', '-in', path, '-inkey', key]);
  if (opened.isOk && opened.stdout.toString('hex') === plaintextHex) envelopes.decrypted.push(name);
  else envelopes.disagreements.push(`${name}: plaintext`);
}
rmSync(directory, { recursive: true });

console.log(
  `${cases.length} documents: ${tally.agreeAccepted} accepted by both, ${tally.agreeRefused} refused by both, ${tally.notDecodable} not decodable.`,
);
console.log('Refused here although chain and signature verify, by rules that openssl does not have:');
for (const [code, names] of Object.entries(tally.stricter)) console.log(`  ${code}: ${names.join(', ')}`);
console.log(`CMS: ${envelopes.parsed.length} read alike, ${envelopes.decrypted.length} opened alike.`);
const disagreements = [...tally.laxer, ...envelopes.disagreements];
console.log(
  disagreements.length === 0 ? 'No disagreement.' : `DISAGREEMENTS:\n  ${disagreements.join('\n  ')}`,
);
process.exitCode = disagreements.length === 0 ? 0 : 1;
