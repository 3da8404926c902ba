import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttestationError } from '@strongroom/attestation/attestation-error';
import { verifyAttestation } from '@strongroom/attestation/verify-attestation';
import { verifyAttestationWithCustomRoot } from '@strongroom/attestation/verify-attestation-with-custom-root';
import { afterAll, describe, expect, it } from 'vitest';
import { openNsmPki } from '../../src/nsm/nsm-pki.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';

const DAY_MS = 86_400_000;
const directory = mkdtempSync(join(tmpdir(), 'nsm-attestation-'));
afterAll(() => rmSync(directory, { recursive: true }));

let nowMs = Date.UTC(2026, 10, 20, 12);
const now = () => nowMs;
const pki = openNsmPki(directory, now);
const measurements = {
  pcr0: new Uint8Array(48).fill(1),
  pcr1: new Uint8Array(48).fill(2),
  pcr2: new Uint8Array(48).fill(3),
};
const nsm = startNsmSimulator({ pki, measurements, now });
const nonce = new Uint8Array(32).fill(7);
const userData = new Uint8Array(32).fill(8);
const attest = () => nsm.attestation({ nonce, userData, publicKey: null });
const policy = () => ({
  images: [measurements] as const,
  nonce,
  userData,
  publicKey: 'absent' as const,
  nowMs,
  maxAgeMs: 60_000,
  maxFutureSkewMs: 0,
});

async function codeOf(verification: Promise<unknown>): Promise<string> {
  return verification.then(
    () => 'verified',
    (error: unknown) => (error instanceof AttestationError ? error.code : String(error)),
  );
}

describe('a simulated document under the production verifier', () => {
  it("verifies with the twin's root and pinned PCRs", async () => {
    const verified = await verifyAttestationWithCustomRoot(attest(), policy(), pki.rootCertificate);
    expect(verified).toMatchObject({ trust: 'custom-root', debug: false, timestampMs: nowMs });
    expect(verified.moduleId).toBe(nsm.describe().moduleId);
    expect(verified.chain).toHaveLength(5);
  });

  it('verifies at any time over a year, as certificates expire and are replaced', async () => {
    const startMs = nowMs;
    for (const days of [0.1, 0.124, 0.99, 1, 5.9, 6, 13, 19.99, 20, 21, 200, 365]) {
      nowMs = startMs + days * DAY_MS;
      expect(
        await codeOf(verifyAttestationWithCustomRoot(attest(), policy(), pki.rootCertificate)),
        `day ${days}`,
      ).toBe('verified');
    }
    nowMs = startMs;
  });

  it('verifies for every one of many launches, whatever their random serial numbers and keys', async () => {
    for (let launch = 0; launch < 40; launch++) {
      const document = startNsmSimulator({ pki, measurements, now }).attestation({
        nonce,
        userData,
        publicKey: null,
      });
      expect(await codeOf(verifyAttestationWithCustomRoot(document, policy(), pki.rootCertificate))).toBe(
        'verified',
      );
    }
  });

  it("is refused under AWS's root, another twin's root, another image, and in debug mode", async () => {
    const other = openNsmPki(join(directory, 'other'), now);
    const image = { ...measurements, pcr2: new Uint8Array(48).fill(9) };
    const zero = new Uint8Array(48);
    const debug = startNsmSimulator({ pki, measurements: { pcr0: zero, pcr1: zero, pcr2: zero }, now });
    const debugDocument = debug.attestation({ nonce, userData, publicKey: null });
    expect(await codeOf(verifyAttestation(attest(), policy()))).toBe('CHAIN_ROOT');
    expect(await codeOf(verifyAttestationWithCustomRoot(attest(), policy(), other.rootCertificate))).toBe(
      'CHAIN_ROOT',
    );
    expect(
      await codeOf(
        verifyAttestationWithCustomRoot(attest(), { ...policy(), images: [image] }, pki.rootCertificate),
      ),
    ).toBe('PCR_MISMATCH');
    expect(await codeOf(verifyAttestationWithCustomRoot(debugDocument, policy(), pki.rootCertificate))).toBe(
      'DEBUG_DOCUMENT',
    );
  });
});
