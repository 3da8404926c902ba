import { connectService } from '../../src/service.ts';
import { verifyAccount, verifyService } from '../../src/verify-service.ts';
import type { Command } from '../command.ts';
import { readCredentials, readPins, SERVICE_OPTIONS, text } from '../options.ts';
import { UsageError } from '../usage-error.ts';

export const accountVerify: Command = {
  name: 'account verify',
  summary: 'verify that an address belongs to the project, before anybody pays to it',
  options: SERVICE_OPTIONS,
  help: `strongroom account verify ADDRESS --credentials FILE [--pcr0 HEX --pcr1 HEX --pcr2 HEX] [--custom-root PEM] [--json]

Write the address exactly as you are about to use it (EIP-55 or base58).

Example:
  strongroom account verify 0x742d35Cc6634C0532925a3b844Bc454e4438f44e --credentials acme.json`,

  async run(values, [address]) {
    if (address === undefined) throw new UsageError('Which address?');
    const file = readCredentials(values);
    const service = connectService(text(values, 'url') ?? file.baseUrl);
    const identity = await verifyService(service, readPins(values, file));
    await verifyAccount(service, identity, {
      credentials: file,
      projectId: Buffer.from(file.projectId, 'hex'),
      address,
    });
    return {
      text: `Verified: ${address} is an account of project ${file.projectId}.`,
      json: { address, projectId: file.projectId },
    };
  },
};
