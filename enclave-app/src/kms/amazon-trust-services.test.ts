import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { amazonTrustServicesPem } from './amazon-trust-services.ts';

describe('Amazon Trust Services', () => {
  it('are five roots of Amazon and Starfield Services, and nobody else', () => {
    const certificates = amazonTrustServicesPem().match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    const names = certificates.map((pem) => /CN=(.*)/.exec(new X509Certificate(pem).subject)?.[1]).sort();
    expect(names).toEqual([
      'Amazon Root CA 1',
      'Amazon Root CA 2',
      'Amazon Root CA 3',
      'Amazon Root CA 4',
      'Starfield Services Root Certificate Authority - G2',
    ]);
  });
});
