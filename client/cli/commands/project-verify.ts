import { connectService } from '../../src/service.ts';
import { verifyProject, verifyService } from '../../src/verify-service.ts';
import type { Command } from '../command.ts';
import { readCredentials, readPins, SERVICE_OPTIONS, text } from '../options.ts';

export const projectVerify: Command = {
  name: 'project verify',
  summary: 'verify the enclave, and a fresh certificate of who may do what in the project',
  options: SERVICE_OPTIONS,
  help: `strongroom project verify --credentials FILE [--pcr0 HEX --pcr1 HEX --pcr2 HEX] [--custom-root PEM] [--json]

Pins come from the options, else from the file. Compare the record version with the one you saw last: it never goes down.

Example:
  strongroom project verify --credentials acme.json`,

  async run(values) {
    const file = readCredentials(values);
    const service = connectService(text(values, 'url') ?? file.baseUrl);
    const identity = await verifyService(service, readPins(values, file));
    const certificate = await verifyProject(service, identity, {
      credentials: file,
      projectId: Buffer.from(file.projectId, 'hex'),
    });
    const json = {
      projectId: file.projectId,
      deploymentId: Buffer.from(identity.deploymentId).toString('hex'),
      recordVersion: certificate.recordVersion,
      recordDigest: Buffer.from(certificate.recordDigest).toString('hex'),
      walletSecrets: certificate.walletSecrets.map(({ publicKey, state, notAfterMs }) => ({
        publicKey: Buffer.from(publicKey).toString('base64'),
        state,
        notAfterMs,
      })),
      apiKeys: certificate.apiKeys.map(({ id, algorithm, scopes }) => ({ id, algorithm, scopes })),
      authorities: certificate.authorities,
      policyAuthority: certificate.policyAuthority,
      exportAllowed: certificate.exportAllowed,
      maxFeeWei: certificate.maxFeeWei,
    };
    const lines = [
      `Verified: deployment ${json.deploymentId}`,
      `Project ${json.projectId}, record version ${json.recordVersion}`,
      `Wallet Secrets: ${json.walletSecrets.map((secret) => secret.state).join(', ')}`,
      `API keys: ${json.apiKeys.map((key) => `${key.id} (${key.scopes.join(', ')})`).join('; ')}`,
      `Authorities: ${json.authorities.join(', ')}`,
      `Policies change by ${json.policyAuthority}; export is ${json.exportAllowed ? 'allowed' : 'not allowed'}`,
      `A sent EVM transaction costs at most ${json.maxFeeWei ?? 'an unknown number of'} wei in fees`,
    ];
    return { text: lines.join('\n'), json };
  },
};
