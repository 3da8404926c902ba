// Level C: the service with its enclave from an EIF. The official SDK makes an account and signs; keys live only behind the attestation.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { connectService } from '@strongroom/client/service';
import { type ServicePins, verifyService } from '@strongroom/client/verify-service';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { hashMessage, recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';
import type { EmulatedSystem } from '../emulated-system.ts';
import { documentPcrs } from '../measured-document.ts';
import { startSystemC } from '../start-system-c.ts';
import { connectUnverified } from '../unverified-project.ts';

const home = mkdtempSync(join(tmpdir(), 'strongroom-c-'));
let system: EmulatedSystem;
let cdp: CdpClient;
let address: `0x${string}`;

beforeAll(async () => {
  system = await startSystemC({ home });
  cdp = await connectUnverified(system);
  ({ address } = await cdp.evm.createAccount({ name: 'custody' }));
});

afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function expectSigns(): Promise<void> {
  const { signature } = await cdp.evm.signMessage({ address, message: 'from an enclave image' });
  expect(await recoverAddress({ hash: hashMessage('from an enclave image'), signature })).toBe(address);
}

describe('an enclave from an EIF', () => {
  it('makes an account for the official SDK and signs with it', expectSigns);

  it('has the measurements that `make pcrs` computes', async () => {
    const nonce = Buffer.alloc(32, 7);
    const { attestationDocument, manifest } = await connectService(system.baseUrl).attestation(nonce);
    expect(documentPcrs(attestationDocument)).toEqual(system.pcrs);
    expect(decodeCbor(manifest)).toMatchObject({ purpose: 'emulation', phase: 'ready' });
  });

  it('is believed by no verifier: nobody signed its documents', async () => {
    const service = connectService(system.baseUrl);
    const pins: ServicePins = { images: [system.measurements] };
    const refused = { name: 'AttestationError', code: 'COSE_PROTECTED_HEADER' };
    await expect(verifyService(service, pins)).rejects.toMatchObject(refused);
    await expect(
      verifyService(service, { ...pins, customRoot: system.rootCertificate }),
    ).rejects.toMatchObject(refused);
  });

  it('opens the same keys after a restart', async () => {
    await system.restartEnclave();
    await expectSigns();
  });

  it('gets nothing from KMS when its image is not admitted, and everything when it is again', async () => {
    const other = { pcr0: Buffer.alloc(48, 1), pcr1: Buffer.alloc(48, 2), pcr2: Buffer.alloc(48, 3) };
    system.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([other], 'operational'));
    await expect(system.restartEnclave()).rejects.toThrow('instead of ready: KMS_KEY_REFUSED');
    system.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([system.measurements], 'operational'));
    await system.restartEnclave();
    await expectSigns();
    console.log(system.console().match(/ENCLAVE listening.*/)?.[0]);
  });
});
