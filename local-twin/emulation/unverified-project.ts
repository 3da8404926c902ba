import { randomBytes } from 'node:crypto';
import { CdpClient } from '@coinbase/cdp-sdk';
import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { signProjectGenesis } from '@strongroom/client/project-genesis';
import { connectService } from '@strongroom/client/service';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import type { System } from '../src/system/start-system.ts';

// Read by the SDK at each call; without them it reports every call to a host of Coinbase's.
process.env['DISABLE_CDP_ERROR_REPORTING'] = 'true';
process.env['DISABLE_CDP_USAGE_TRACKING'] = 'true';

/**
 * Makes a project of an emulated enclave and connects the official SDK to it. The deployment is taken from a document that nobody signed:
 * what no client of ours does, so it is written out here.
 */
export async function connectUnverified({
  baseUrl,
  enrolmentToken,
}: Pick<System, 'baseUrl' | 'enrolmentToken'>): Promise<CdpClient> {
  const service = connectService(baseUrl);
  const { manifest } = await service.attestation(randomBytes(32));
  const { deploymentId } = decodeCbor(manifest) as { deploymentId: Uint8Array };
  const nonce = await service.projectNonce(enrolmentToken);
  const [walletSecret, apiKey] = [makeWalletSecret(), makeApiKey()];
  const { genesis } = signProjectGenesis({
    deploymentId,
    nonce,
    walletSecret,
    apiKey,
    choices: {
      authorities: [new URL(baseUrl).host],
      policyAuthority: 'api-key',
      exportAllowed: false,
      scopes: ['read', 'sign'],
    },
  });
  await service.createProject(genesis, enrolmentToken);
  return new CdpClient({
    apiKeyId: apiKey.id,
    apiKeySecret: apiKey.secret,
    walletSecret: walletSecret.secret,
    basePath: baseUrl,
  });
}
