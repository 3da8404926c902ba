import { describe, expect, it } from 'vitest';
import { codeOf } from '../test/code-of.ts';
import { loadPem } from '../test/corpus.ts';
import { encodeBase64, encodeHex, sha256 } from './bytes.ts';
import { awsTrustAnchor, openBuiltInRoot } from './trust-anchors.ts';
import { decodeUnverifiedCertificate } from './unverified.ts';

describe('the roots of AWS', () => {
  it('are the published ones, byte for byte', async () => {
    const { der } = await awsTrustAnchor('aws');
    expect(encodeHex(der)).toBe(encodeHex(await loadPem('aws-root-g1.pem')));
    const gov = await awsTrustAnchor('aws-us-gov');
    expect(encodeHex(gov.der)).toBe(encodeHex(await loadPem('aws-us-gov-root.pem')));
  });

  it('are certificates of the profile, one of them until after 2049', async () => {
    const aws = decodeUnverifiedCertificate((await awsTrustAnchor('aws')).der);
    expect(new Date(aws.notAfterMs).toISOString()).toBe('2049-10-28T14:28:05.000Z');
    const gov = decodeUnverifiedCertificate((await awsTrustAnchor('aws-us-gov')).der);
    expect(new Date(gov.notAfterMs).toISOString().slice(0, 10)).toBe('2050-09-10');
  });

  it('are refused when a single bit of them differs', async () => {
    const { der } = await awsTrustAnchor('aws');
    const fingerprint = encodeHex(await sha256(der));
    expect(await codeOf(() => openBuiltInRoot('aws', { derBase64: encodeBase64(der), fingerprint }))).toBe(
      'accepted',
    );
    const damaged = Uint8Array.from(der);
    damaged[300] = damaged[300]! ^ 1;
    expect(
      await codeOf(() => openBuiltInRoot('aws', { derBase64: encodeBase64(damaged), fingerprint })),
    ).toBe('ANCHOR_FINGERPRINT');
    expect(await codeOf(() => openBuiltInRoot('aws', { derBase64: '?', fingerprint }))).toBe(
      'ANCHOR_FINGERPRINT',
    );
  });
});
