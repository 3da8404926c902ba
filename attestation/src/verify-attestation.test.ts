import { describe, expect, it } from 'vitest';
import { codeOf } from '../test/code-of.ts';
import { type CorpusCase, realCases, ruleCases } from '../test/corpus.ts';
import type { AwsAttestationPolicy } from './attestation-policy.ts';
import { authenticate } from './authenticate.ts';
import { encodeHex } from './bytes.ts';
import type { ImageMeasurement } from './pcr-policy.ts';
import { decodeUnverifiedAttestation, decodeUnverifiedCertificate } from './unverified.ts';
import { verifyAttestation } from './verify-attestation.ts';
import { verifyAttestationForKeyService } from './verify-attestation-for-key-service.ts';
import { verifyAttestationWithCustomRoot } from './verify-attestation-with-custom-root.ts';
import { verifyDebugAttestation, verifyDebugAttestationWithCustomRoot } from './verify-debug-attestation.ts';

const rules = await ruleCases();
const rule = (name: string): CorpusCase => rules.find((entry) => entry.name === name)!;
const genuine = (await realCases()).find(({ name }) => name === 'tkhq-2026-04-21')!;
const policy = genuine.policy;
const image = policy.images[0];
const other: ImageMeasurement = {
  pcr0: new Uint8Array(48).fill(1),
  pcr1: new Uint8Array(48).fill(2),
  pcr2: new Uint8Array(48).fill(3),
};
const pcr4 = decodeUnverifiedAttestation(genuine.document).pcrs.get(4)!;
const withPolicy = (change: object): Promise<string> =>
  codeOf(() => verifyAttestation(genuine.document, { ...policy, ...change } as AwsAttestationPolicy));

describe('a policy', () => {
  it('is needed', async () => {
    for (const nothing of [undefined, null, 0, 'policy', []])
      expect(await codeOf(() => verifyAttestation(genuine.document, nothing as never))).not.toBe('accepted');
    expect(await codeOf(() => verifyAttestation(genuine.document, undefined as never))).toBe(
      'POLICY_INVALID',
    );
    expect(await codeOf(() => verifyAttestation(genuine.document, {} as never))).toBe('POLICY_PCR_MISSING');
  });

  it('has no field that is not known', async () => {
    expect(await withPolicy({ pcr9: [pcr4] })).toBe('POLICY_INVALID');
    expect(await withPolicy({ allowDebug: true })).toBe('POLICY_INVALID');
    expect(await withPolicy({ images: [{ ...image, pcr8: pcr4 }] })).toBe('POLICY_INVALID');
  });

  it('pins PCR0, PCR1 and PCR2, all of them', async () => {
    expect(await withPolicy({ images: undefined, pcr8: [pcr4] })).toBe('POLICY_PCR_MISSING');
    expect(await withPolicy({ images: undefined, pcr3: [pcr4], pcr4: [pcr4] })).toBe('POLICY_PCR_MISSING');
    expect(await withPolicy({ images: [{ pcr0: image.pcr0 }] })).toBe('POLICY_PCR_MISSING');
    expect(await withPolicy({ images: [{ pcr0: image.pcr0, pcr2: image.pcr2 }] })).toBe('POLICY_PCR_MISSING');
    expect(await withPolicy({ images: [null] })).toBe('POLICY_PCR_MISSING');
    expect(await withPolicy({ images: [] })).toBe('POLICY_PCR_EMPTY');
    expect(await withPolicy({ pcr3: [] })).toBe('POLICY_PCR_EMPTY');
  });

  it('pins values of 48 bytes that are not zero', async () => {
    expect(await withPolicy({ images: [{ ...image, pcr1: new Uint8Array(32).fill(1) }] })).toBe(
      'POLICY_PCR_LENGTH',
    );
    expect(await withPolicy({ images: [{ ...image, pcr1: encodeHex(image.pcr1) }] })).toBe(
      'POLICY_PCR_LENGTH',
    );
    expect(await withPolicy({ images: [{ ...image, pcr2: new Uint8Array(48) }] })).toBe('POLICY_PCR_ZERO');
    expect(await withPolicy({ images: [image, { ...image, pcr0: new Uint8Array(48) }] })).toBe(
      'POLICY_PCR_ZERO',
    );
    expect(await withPolicy({ pcr8: [new Uint8Array(48)] })).toBe('POLICY_PCR_ZERO');
  });

  it('states nonce, clock, age, skew and bindings', async () => {
    for (const nonce of [undefined, null, '', new Uint8Array(0), new Uint8Array(513)])
      expect(await withPolicy({ nonce })).toBe('POLICY_NONCE');
    for (const nowMs of [undefined, 0, -1, 1.5, Number.NaN, new Date()])
      expect(await withPolicy({ nowMs })).toBe('POLICY_CLOCK');
    for (const maxAgeMs of [undefined, -1, Number.POSITIVE_INFINITY])
      expect(await withPolicy({ maxAgeMs })).toBe('POLICY_AGE');
    for (const maxFutureSkewMs of [undefined, -1, 3_600_001])
      expect(await withPolicy({ maxFutureSkewMs })).toBe('POLICY_AGE');
    for (const binding of [undefined, null, 'any', '00']) {
      expect(await withPolicy({ userData: binding })).toBe('POLICY_BINDING');
      expect(await withPolicy({ publicKey: binding })).toBe('POLICY_BINDING');
    }
    expect(await withPolicy({ deniedCertificates: [{}] })).toBe('POLICY_DENYLIST');
    expect(await withPolicy({ deniedCertificates: 'none' })).toBe('POLICY_DENYLIST');
  });

  it('chooses between the roots of AWS only', async () => {
    expect(await withPolicy({ partition: 'aws' })).toBe('accepted');
    expect(await withPolicy({ partition: 'aws-us-gov' })).toBe('CHAIN_ROOT');
    expect(await withPolicy({ partition: 'aws-cn' })).toBe('POLICY_ROOT');
    expect(await withPolicy({ partition: 'toString' })).toBe('POLICY_ROOT');
    expect(await withPolicy({ partition: '__proto__' })).toBe('POLICY_ROOT');
  });
});

describe('what a policy expects', () => {
  it('may be one of several images, but not parts of two', async () => {
    expect(await withPolicy({ images: [other, image] })).toBe('accepted');
    expect(await withPolicy({ images: [other] })).toBe('PCR_MISMATCH');
    const mixed = [
      { ...image, pcr2: other.pcr2 },
      { ...other, pcr2: image.pcr2 },
    ];
    expect(await withPolicy({ images: mixed })).toBe('PCR_MISMATCH');
  });

  it('may pin PCR3, PCR4 and PCR8 as well', async () => {
    expect(await withPolicy({ pcr4: [other.pcr0, pcr4] })).toBe('accepted');
    expect(await withPolicy({ pcr4: [other.pcr0] })).toBe('PCR_MISMATCH');
    expect(await withPolicy({ pcr8: [other.pcr0] })).toBe('PCR_MISMATCH');
    const { document, root, policy: sparse } = rule('p-pcrs-sparse');
    const absent = codeOf(() =>
      verifyAttestationWithCustomRoot(document, { ...sparse, pcr8: [other.pcr0] }, root!),
    );
    expect(await absent).toBe('PCR_ABSENT');
  });

  it('binds user_data and public_key', async () => {
    const { userData, publicKey } = decodeUnverifiedAttestation(genuine.document);
    expect(await withPolicy({ userData, publicKey })).toBe('accepted');
    expect(await withPolicy({ userData: 'absent' })).toBe('USER_DATA_MISMATCH');
    expect(await withPolicy({ userData: userData!.slice(1) })).toBe('USER_DATA_MISMATCH');
    expect(await withPolicy({ publicKey: 'absent' })).toBe('PUBLIC_KEY_MISMATCH');
    expect(await withPolicy({ publicKey: new Uint8Array(0) })).toBe('PUBLIC_KEY_MISMATCH');
  });

  it('may deny certificates by issuer and serial number, with or without leading zeros', async () => {
    const { certificate } = decodeUnverifiedAttestation(genuine.document);
    const { issuer, serialNumber } = decodeUnverifiedCertificate(certificate);
    const padded = Uint8Array.of(0, 0, ...serialNumber);
    expect(await withPolicy({ deniedCertificates: [{ issuer, serialNumber }] })).toBe('X509_DENIED');
    expect(await withPolicy({ deniedCertificates: [{ issuer, serialNumber: padded }] })).toBe('X509_DENIED');
    expect(await withPolicy({ deniedCertificates: [{ issuer, serialNumber: Uint8Array.of(1) }] })).toBe(
      'accepted',
    );
    expect(await withPolicy({ deniedCertificates: [{ issuer, serialNumber: new Uint8Array(2) }] })).toBe(
      'accepted',
    );
  });

  it('holds as it was when the call began', async () => {
    const pins = { ...image, pcr0: Uint8Array.from(image.pcr0) };
    const verdict = codeOf(() => verifyAttestation(genuine.document, { ...policy, images: [pins] }));
    pins.pcr0.fill(1);
    expect(await verdict).toBe('accepted');
  });
});

describe('a result', () => {
  it('is frozen and owns its bytes', async () => {
    const document = Uint8Array.from(genuine.document);
    const verified = verifyAttestation(document, policy);
    document.fill(0);
    const result = await verified;
    expect(result.trust).toBe('aws');
    expect(result.debug).toBe(false);
    expect(result.chain.length).toBe(5);
    expect(result.chain[0]?.subjectText).toBe('C=US, O=Amazon, OU=AWS, CN=aws.nitro-enclaves');
    expect(encodeHex(result.pcrs.get(0)!)).toBe(encodeHex(image.pcr0));
    for (const frozen of [result, result.chain, result.chain[0]]) expect(Object.isFrozen(frozen)).toBe(true);
    expect(() => (result.pcrs as Map<number, Uint8Array>).set(0, new Uint8Array(48))).toThrow();
    expect(() => (result.pcrs as Map<number, Uint8Array>).clear()).toThrow();
  });

  it('says when the root was not that of AWS', async () => {
    const { document, policy: own, root } = rule('p-map-indefinite');
    expect((await verifyAttestationWithCustomRoot(document, own, root!)).trust).toBe('custom-root');
    expect(await codeOf(() => verifyAttestation(document, own))).toBe('CHAIN_ROOT');
    expect(await codeOf(() => verifyAttestationWithCustomRoot(document, own, new Uint8Array(0)))).toBe(
      'POLICY_ROOT',
    );
    expect(await codeOf(() => verifyAttestationWithCustomRoot(document, own, 'root' as never))).toBe(
      'POLICY_ROOT',
    );
    expect(
      await codeOf(() =>
        verifyAttestationWithCustomRoot(document, { ...own, partition: 'aws' } as never, root!),
      ),
    ).toBe('POLICY_INVALID');
  });

  it('is never made of anything but bytes', async () => {
    for (const input of [undefined, null, 'hEShATgi', [0x84], new ArrayBuffer(4), new Uint16Array(4)])
      expect(await codeOf(() => verifyAttestation(input as never, policy))).toBe('INPUT_NOT_BYTES');
  });
});

describe('other entries', () => {
  const { images: _, ...context } = rule('v-debug-all-zero').policy;

  it('accept debug documents under their own name', async () => {
    const { document, root } = rule('v-debug-all-zero');
    const debug = await verifyDebugAttestationWithCustomRoot(document, context, root!);
    expect([debug.debug, debug.trust]).toEqual([true, 'custom-root']);
    const partly = rule('v-debug-pcr0-zero').document;
    expect(await codeOf(() => verifyDebugAttestationWithCustomRoot(partly, context, root!))).toBe(
      'NOT_DEBUG_DOCUMENT',
    );
    expect(await codeOf(() => verifyDebugAttestation(document, context))).toBe('CHAIN_ROOT');
    expect(
      await codeOf(() => verifyDebugAttestation(document, { ...context, images: [image] } as never)),
    ).toBe('POLICY_INVALID');
  });

  it('give a key service the PCRs of any image, and say that nobody checked them', async () => {
    const freshness = { nowMs: context.nowMs, maxAgeMs: 300_000, maxFutureSkewMs: 30_000 };
    for (const name of ['v-debug-all-zero', 'v-pcr0-other', 'p-map-indefinite']) {
      const { document, root } = rule(name);
      const attestation = await verifyAttestationForKeyService(document, freshness, root!);
      expect([attestation.imageChecked, attestation.trust, attestation.pcrs.size]).toEqual([
        false,
        'custom-root',
        16,
      ]);
    }
    const { document, root } = rule('e-payload-altered');
    expect(await codeOf(() => verifyAttestationForKeyService(document, freshness, root!))).toBe(
      'COSE_SIGNATURE_INVALID',
    );
    expect(await codeOf(() => verifyAttestationForKeyService(document, {} as never, root!))).toBe(
      'POLICY_CLOCK',
    );
  });
});

describe('documents of AWS', () => {
  it('measure the instance that they name', async () => {
    const { document, root, policy: own } = rule('p-map-indefinite');
    const by = { nowMs: own.nowMs, maxAgeMs: 300_000, maxFutureSkewMs: 30_000, deniedCertificates: [] };
    const as = (trust: 'aws' | 'custom-root') =>
      codeOf(() => authenticate(document, { ...by, anchor: { trust, der: root! } }));
    expect(await as('aws')).toBe('PCR4_INCONSISTENT');
    expect(await as('custom-root')).toBe('accepted');
  });
});
