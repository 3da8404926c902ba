import { encodeHex } from '../src/bytes.ts';
import type { Manifest } from '../src/manifest.ts';
import type { AuthenticAttestation } from '../src/verified-attestation.ts';

const time = (ms: number): string => new Date(ms).toISOString();
const hexOrNull = (bytes: Uint8Array | null): string | null => bytes && encodeHex(bytes);

/** An attestation with all bytes in hexadecimal and all times in ISO 8601. */
export function describeAttestation(
  attestation: AuthenticAttestation & { readonly debug: boolean },
): Record<string, unknown> {
  const { trust, debug, moduleId, timestampMs, pcrs, publicKey, userData, nonce, chain } = attestation;
  return {
    trust,
    debug,
    moduleId,
    timestamp: time(timestampMs),
    pcrs: describePcrs(pcrs),
    publicKeyHex: hexOrNull(publicKey),
    userDataHex: hexOrNull(userData),
    nonceHex: hexOrNull(nonce),
    chain: chain.map(({ subjectText, serialNumber, notBeforeMs, notAfterMs }) => ({
      subject: subjectText,
      serialNumberHex: encodeHex(serialNumber),
      notBefore: time(notBeforeMs),
      notAfter: time(notAfterMs),
    })),
  };
}

/** PCRs by index; registers that are zero are left out. */
export function describePcrs(pcrs: ReadonlyMap<number, Uint8Array>): Record<string, string> {
  const set = [...pcrs].filter(([index, value]) => index <= 2 || value.some((byte) => byte !== 0));
  return Object.fromEntries(set.map(([index, value]) => [`PCR${index}`, encodeHex(value)]));
}

export function describeManifest(manifest: Manifest): Record<string, unknown> {
  return {
    purpose: manifest.purpose,
    phase: manifest.phase,
    deploymentIdHex: hexOrNull(manifest.deploymentId),
    configurationDigestHex: encodeHex(manifest.configurationDigest),
    securityEpoch: manifest.securityEpoch,
    identityKeyHex: hexOrNull(manifest.identityKey),
    receiptKeyHex: hexOrNull(manifest.receiptKey),
    root: manifest.root && { idHex: encodeHex(manifest.root.id), generation: manifest.root.generation },
    kmsPolicies: manifest.kmsPolicies.map(({ keyArn, digest, pcrs, checkedAtMs }) => ({
      keyArn,
      digestHex: encodeHex(digest),
      pcrs: pcrs.map(({ pcr0, pcr1, pcr2 }) => ({
        PCR0: encodeHex(pcr0),
        PCR1: encodeHex(pcr1),
        PCR2: encodeHex(pcr2),
      })),
      checkedAt: time(checkedAtMs),
    })),
  };
}

/** Text for a terminal: whatever is not printable ASCII comes as an escape, so that no document moves the cursor. */
export function printable(text: string): string {
  return text.replace(
    /[^\n -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
