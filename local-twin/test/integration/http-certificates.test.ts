// Certificates as a stranger would check them: with a library of Ed25519 that this service does not use.
import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { publicKeyOf } from '@strongroom/client/credentials';
import { connectService, type Service } from '@strongroom/client/service';
import { decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import { computeAddress } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const EVM = '/v2/evm/accounts';
let system: TestSystem;
let project: TestProject;
let service: Service;
let identity: { identityKey: Uint8Array; deploymentId: Uint8Array };

beforeAll(async () => {
  system = await startTestSystem();
  project = await createTestProject(system);
  service = connectService(system.baseUrl);
  identity = await readIdentity();
});
afterAll(() => system[Symbol.asyncDispose]());

async function readIdentity(): Promise<typeof identity> {
  const { manifest } = await service.attestation(randomBytes(32));
  return decodeCbor(manifest) as typeof identity;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Verifies a COSE_Sign1 by the identity key and returns its payload (RFC 9052 section 4.4). */
function openCertificate(certificate: Uint8Array): Record<string, unknown> {
  const [header, unprotected, payload, signature] = decodeCbor(certificate) as [
    Uint8Array,
    object,
    Uint8Array,
    Uint8Array,
  ];
  expect([text(header), unprotected]).toEqual(['a10127', {}]);
  const signed = encodeCbor(['Signature1', header, new Uint8Array(0), payload]);
  expect(ed25519.verify(signature, signed, identity.identityKey, { zip215: false })).toBe(true);
  const altered = Uint8Array.from(signed);
  altered[altered.length - 1] = (altered.at(-1) as number) ^ 1;
  expect(ed25519.verify(signature, altered, identity.identityKey, { zip215: false })).toBe(false);
  return decodeCbor(payload) as Record<string, unknown>;
}

describe('certificates', () => {
  it('name the deployment whose id is the digest of its identity key', () => {
    expect(text(sha256(identity.identityKey))).toBe(text(identity.deploymentId));
  });

  it('of an account bind address, key and name to the project, and follow its name', async () => {
    const { text: answer } = await sendSigned(project, 'POST', EVM, { body: { name: 'certified' } });
    const { address } = JSON.parse(answer);
    const certificate = openCertificate(await service.accountCertificate(project, address));
    expect(certificate).toMatchObject({
      type: 'strongroom/account-certificate/v1',
      curve: 'secp256k1',
      address,
      name: 'certified',
    });
    expect(text(certificate['projectId'] as Uint8Array)).toBe(text(project.projectId));
    expect(text(certificate['deploymentId'] as Uint8Array)).toBe(text(identity.deploymentId));
    expect(computeAddress(`0x${text(certificate['publicKey'] as Uint8Array)}`)).toBe(address);
    await sendSigned(project, 'PUT', `${EVM}/${address}`, { body: { name: 'renamed' } });
    expect(openCertificate(await service.accountCertificate(project, address))['name']).toBe('renamed');
  });

  it('of a project show exactly the keys and choices that its client signed, for the nonce asked', async () => {
    const nonce = randomBytes(16);
    const certificate = openCertificate(await service.projectCertificate(project, nonce));
    expect(certificate).toMatchObject({
      type: 'strongroom/project-certificate/v2',
      recordVersion: 1,
      walletSecrets: [{ state: 'active', notAfterMs: null }],
      apiKeys: [{ id: project.apiKeyId, algorithm: 'EdDSA', scopes: ['read', 'sign'] }],
      authorities: [new URL(project.baseUrl).host],
      policyAuthority: 'api-key',
      exportAllowed: true,
      maxFeeWei: '50000000000000000',
    });
    expect(text(certificate['nonce'] as Uint8Array)).toBe(text(nonce));
    expect(text(certificate['projectId'] as Uint8Array)).toBe(text(project.projectId));
    const [walletSecret] = certificate['walletSecrets'] as [{ publicKey: Uint8Array }];
    expect(text(walletSecret.publicKey)).toBe(text(publicKeyOf(project.walletKey)));
    const [apiKey] = certificate['apiKeys'] as [{ publicKey: Uint8Array }];
    expect(text(apiKey.publicKey)).toBe(text(publicKeyOf(project.apiKey)));
  });

  it('stay true when the enclave starts anew: it is the same deployment', async () => {
    const before = identity;
    await system.enclave.kill();
    await system.restartEnclave();
    identity = await readIdentity();
    expect(text(identity.identityKey)).toBe(text(before.identityKey));
    expect(openCertificate(await service.projectCertificate(project, randomBytes(16)))['recordVersion']).toBe(
      1,
    );
  });
});
