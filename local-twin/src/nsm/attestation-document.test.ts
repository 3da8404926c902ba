import { verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'cborg';
import { afterAll, describe, expect, it } from 'vitest';
import type { AttestationRequest } from '../../../enclave-app/src/nsm/nsm.ts';
import { concatBytes } from '../x509/der-encode.ts';
import { openNsmPki } from './nsm-pki.ts';
import { startNsmSimulator } from './nsm-simulator.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 20, 12);
const ZERO = new Uint8Array(48);
const NOTHING: AttestationRequest = { userData: null, nonce: null, publicKey: null };
const directory = mkdtempSync(join(tmpdir(), 'nsm-'));
afterAll(() => rmSync(directory, { recursive: true }));

let clockMs = START_MS;
const now = () => clockMs;
const pki = openNsmPki(directory, now);
const measurements = {
  pcr0: new Uint8Array(48).fill(1),
  pcr1: new Uint8Array(48).fill(2),
  pcr2: new Uint8Array(48).fill(3),
};
const start = () =>
  startNsmSimulator({ pki, measurements, roleArn: 'arn:aws:iam::111122223333:role/parent', now });
function decodeDocument(document: Uint8Array) {
  const [protectedHeader, unprotected, payloadBytes, signature] = decode(document, { useMaps: true });
  const payload = decode(payloadBytes, { useMaps: true, allowIndefinite: true }) as Map<string, never>;
  const certificates = [
    ...(payload.get('cabundle')! as Uint8Array[]),
    payload.get('certificate')! as Uint8Array,
  ];
  return {
    protectedHeader,
    unprotected,
    payloadBytes,
    signature,
    payload,
    chain: certificates.map((der) => new X509Certificate(der)),
  };
}

describe('attestation document', () => {
  it("has the bytes of today's hardware around its fields", () => {
    const nsm = start();
    const document = nsm.attestation({ ...NOTHING, userData: Uint8Array.of(7) });
    const { payload, payloadBytes, unprotected, signature } = decodeDocument(document);
    expect(Buffer.from(document.subarray(0, 8)).toString('hex')).toBe('8444a1013822a059');
    expect(document.length).toBeGreaterThan(4390);
    expect(document.length).toBeLessThan(5450);
    expect(unprotected).toEqual(new Map());
    expect(signature).toHaveLength(96);
    expect([payloadBytes[0], payloadBytes.at(-1)]).toEqual([0xbf, 0xff]);
    const fields = [
      'module_id',
      'digest',
      'timestamp',
      'pcrs',
      'certificate',
      'cabundle',
      'public_key',
      'user_data',
      'nonce',
    ];
    expect([...payload.keys()]).toEqual(fields);
    expect(payload.get('module_id')).toMatch(/^i-[0-9a-f]{17}-enc[0-9a-f]{16}$/);
    expect([payload.get('public_key'), payload.get('nonce')]).toEqual([null, null]);
    expect(payload.get('user_data')).toEqual(Uint8Array.of(7));
    expect(payload.get('timestamp')).toBe(clockMs);
    expect([...(payload.get('pcrs')! as Map<number, Uint8Array>).keys()]).toEqual(
      Array.from({ length: 16 }, (_, i) => i),
    );
  });

  it('carries locked registers only', () => {
    const nsm = start();
    nsm.extendPcr(16, ZERO);
    nsm.lockPcr(17);
    const pcrs = decodeDocument(nsm.attestation(NOTHING)).payload.get('pcrs')! as Map<number, Uint8Array>;
    expect([...pcrs.keys()].slice(15)).toEqual([15, 17]);
  });

  it('is signed by the leaf over the COSE Sig_structure', () => {
    const { payloadBytes, signature, chain } = decodeDocument(start().attestation(NOTHING));
    const length = Uint8Array.of(0x59, payloadBytes.length >> 8, payloadBytes.length & 0xff);
    const sigStructure = concatBytes(
      Buffer.from('846a5369676e61747572653144a101382240', 'hex'),
      length,
      payloadBytes,
    );
    const key = { key: chain[4]!.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha384', sigStructure, key, signature)).toBe(true);
    sigStructure[40]! ^= 1;
    expect(verify('sha384', sigStructure, key, signature)).toBe(false);
  });

  it('chains root, region, zonal, instance, leaf with the measured lifetimes', () => {
    const { chain, payload } = decodeDocument(start().attestation(NOTHING));
    expect(Uint8Array.from(chain[0]!.raw)).toEqual(pki.rootCertificate);
    for (const [index, certificate] of chain.entries()) {
      const issuer = chain[Math.max(index - 1, 0)]!;
      expect(certificate.verify(issuer.publicKey)).toBe(true);
      expect(certificate.checkIssued(issuer)).toBe(true);
      expect(certificate.raw.length).toBeLessThanOrEqual(1024);
      expect(certificate.validFromDate.getTime()).toBeLessThanOrEqual(clockMs);
    }
    const seconds = chain.map(
      ({ validFromDate, validToDate }) => (validToDate.getTime() - validFromDate.getTime()) / 1000,
    );
    expect(seconds.slice(1)).toEqual([481 * 3600, 145 * 3600, 24 * 3600, 3 * 3600 + 3]);
    expect(chain.map(({ ca }) => ca)).toEqual([true, true, true, true, false]);
    expect(chain[4]!.subject).toContain(`CN=${payload.get('module_id')}.us-east-1.aws`);
  });

  it('writes UTCTime before 2050 and GeneralizedTime from then on', () => {
    const hex = Buffer.from(pki.rootCertificate).toString('hex');
    expect(hex).toContain(
      `170d${Buffer.from('261120110000Z').toString('hex')}180f${Buffer.from('2056').toString('hex')}`,
    );
  });

  it('reuses the leaf until half an hour is left, then issues another', () => {
    const nsm = start();
    const leafAt = (elapsedMs: number) => {
      clockMs = START_MS + elapsedMs;
      return decodeDocument(nsm.attestation(NOTHING)).chain.map(({ fingerprint256 }) => fingerprint256);
    };
    const first = leafAt(0);
    expect(leafAt(2.4 * HOUR_MS)).toEqual(first);
    const second = leafAt(2.6 * HOUR_MS);
    expect(second.slice(0, 4)).toEqual(first.slice(0, 4));
    expect(second[4]).not.toBe(first[4]);
    const nextDay = leafAt(30 * HOUR_MS);
    expect(nextDay.map((print, index) => print === second[index])).toEqual([true, true, true, false, false]);
    const nextYear = leafAt(365 * 24 * HOUR_MS);
    expect(nextYear.map((print, index) => print === nextDay[index])).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    const back = leafAt(0);
    expect(back[1]).not.toBe(nextYear[1]);
  });
});

describe('root', () => {
  it('is made once, kept with mode 0600, and shared by what opens the directory later', () => {
    const file = join(directory, 'nsm-root.pem');
    expect(readdirSync(directory)).toEqual(['nsm-root.pem']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const content = readFileSync(file);
    const again = openNsmPki(directory, now);
    expect(again.rootCertificate).toEqual(pki.rootCertificate);
    expect(readFileSync(file)).toEqual(content);
  });

  it('gives every launch the same instance and another enclave id', () => {
    const [first, second] = [start().describe().moduleId, start().describe().moduleId];
    expect(first.slice(0, 19)).toBe(second.slice(0, 19));
    expect(first).not.toBe(second);
  });
});
