import { describe, expect, it } from 'vitest';
import { encodeHex, sha256 } from '../../src/bytes.ts';
import type { ServicePolicy } from '../../src/strongroom-evidence.ts';
import { verifyStrongroomService, verifyStrongroomStatus } from '../../src/strongroom-service.ts';
import {
  verifyStrongroomServiceWithCustomRoot,
  verifyStrongroomStatusWithCustomRoot,
} from '../../src/strongroom-service-with-custom-root.ts';
import { codeOf } from '../code-of.ts';
import { hex } from '../corpus.ts';
import { loadFile } from '../load-file.ts';

interface ServiceEntry {
  readonly name: string;
  readonly reason: string;
  readonly expected: string;
  readonly purpose: 'client' | 'status';
  readonly deploymentIdHex?: string;
  readonly configurationHex?: string;
  readonly minSecurityEpoch?: number;
}

const file = (name: string) => loadFile(`attestation/service/${name}`);
const index = JSON.parse(new TextDecoder().decode(await file('INDEX.json')));
const root = await file('root.der');
const [pcr0, pcr1, pcr2] = ['0', '1', '2'].map((key) => hex(index.pinnedPcrs[key]));

function policyOf({
  deploymentIdHex,
  configurationHex,
  minSecurityEpoch = 0,
}: Partial<ServiceEntry>): ServicePolicy {
  return {
    images: [{ pcr0: pcr0!, pcr1: pcr1!, pcr2: pcr2! }],
    nonce: hex(index.nonceHex),
    nowMs: index.evaluateAtMs,
    maxAgeMs: 60_000,
    maxFutureSkewMs: 30_000,
    deploymentId: deploymentIdHex ? hex(deploymentIdHex) : 'unchecked',
    configurationDigests: configurationHex ? [hex(configurationHex)] : 'unchecked',
    minSecurityEpoch,
  };
}

const evidenceOf = async (name: string) => ({
  attestationDocument: await file(`${name}.bin`),
  manifest: await file(`${name}.manifest.cbor`),
});

describe('evidence of a service', () => {
  for (const entry of index.cases as readonly ServiceEntry[]) {
    it(`${entry.name}: ${entry.reason} -> ${entry.expected}`, async () => {
      const evidence = await evidenceOf(entry.name);
      const verify =
        entry.purpose === 'client'
          ? verifyStrongroomServiceWithCustomRoot
          : verifyStrongroomStatusWithCustomRoot;
      const verdict = await codeOf(() => verify(evidence, policyOf(entry), root));
      expect(verdict).toBe(entry.expected === 'accept' ? 'accepted' : entry.expected);
    });
  }

  it('yields the keys that certificates are verified with, and says whose root it was', async () => {
    const service = await verifyStrongroomServiceWithCustomRoot(
      await evidenceOf('ready'),
      policyOf({}),
      root,
    );
    expect(service.attestation.trust).toBe('custom-root');
    expect(encodeHex(service.deploymentId)).toBe(encodeHex(await sha256(service.identityKey)));
    expect(service.receiptKey?.length).toBe(32);
    expect(Object.isFrozen(service)).toBe(true);
    expect(Object.isFrozen(service.manifest)).toBe(true);
  });

  it('yields no keys for a status', async () => {
    const status = await verifyStrongroomStatusWithCustomRoot(
      await evidenceOf('status-waiting'),
      policyOf({}),
      root,
    );
    expect(Object.keys(status)).toEqual(['attestation', 'manifest']);
  });

  it('is needed', async () => {
    for (const nothing of [undefined, null, {}, { attestationDocument: 'hEShATgi' }])
      expect(await codeOf(() => verifyStrongroomService(nothing as never, policyOf({})))).toBe(
        'INPUT_NOT_BYTES',
      );
  });

  it('is never accepted under the root of AWS when it chains to another', async () => {
    expect(await codeOf(async () => verifyStrongroomService(await evidenceOf('ready'), policyOf({})))).toBe(
      'CHAIN_ROOT',
    );
    expect(
      await codeOf(async () => verifyStrongroomStatus(await evidenceOf('status-waiting'), policyOf({}))),
    ).toBe('CHAIN_ROOT');
  });
});

describe('a policy for services', () => {
  const verify = async (change: object) =>
    codeOf(async () =>
      verifyStrongroomServiceWithCustomRoot(
        await evidenceOf('ready'),
        { ...policyOf({}), ...change } as ServicePolicy,
        root,
      ),
    );

  it('needs a nonce of 16 to 64 bytes', async () => {
    expect(await verify({ nonce: 'none-asked' })).toBe('POLICY_NONCE');
    expect(await verify({ nonce: new Uint8Array(15) })).toBe('POLICY_NONCE');
    expect(await verify({ nonce: new Uint8Array(65) })).toBe('POLICY_NONCE');
    expect(await verify({ nonce: new Uint8Array(16) })).toBe('NONCE_MISMATCH');
  });

  it('needs every expectation to be stated', async () => {
    expect(await verify({ deploymentId: undefined })).toBe('POLICY_INVALID');
    expect(await verify({ deploymentId: new Uint8Array(31) })).toBe('POLICY_INVALID');
    expect(await verify({ configurationDigests: [] })).toBe('POLICY_INVALID');
    expect(await verify({ configurationDigests: [new Uint8Array(31)] })).toBe('POLICY_INVALID');
    expect(await verify({ minSecurityEpoch: -1 })).toBe('POLICY_INVALID');
    expect(await verify({ minSecurityEpoch: undefined })).toBe('POLICY_INVALID');
    expect(await verify({ images: [] })).toBe('POLICY_PCR_EMPTY');
    expect(await verify({ partition: 'aws' })).toBe('POLICY_INVALID');
    expect(await verify({ pcr9: [] })).toBe('POLICY_INVALID');
  });
});
