import { verifyAccount } from '@strongroom/client/verify-service';
import type { Command } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { isAddress } from '../input/address.ts';
import { openVerified } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

export const accountVerify: Command = {
  name: 'account verify',
  role: 'owner',
  summary: 'verify that an address belongs to the project, before anybody pays to it',
  description:
    'The enclave certifies each account; a certificate of another project, or of none, ends with exit code 3.',
  positionals: [{ name: 'ADDRESS', summary: 'exactly as you are about to use it (EIP-55 or base58)' }],
  options: SERVICE_OPTIONS,
  examples: ['strongroom account verify 0x742d35Cc6634C0532925a3b844Bc454e4438f44e --credentials acme.json'],
  json: '{ address, projectId }',

  async run({ values, positionals: [address = ''] }) {
    if (!isAddress(address))
      throw new UsageError('ADDRESS is an EVM address of 40 hex digits after 0x, or a Solana address.');
    const { service, identity, project, file } = await openVerified(values);
    await verifyAccount(service, identity, { ...project, address });
    return {
      text: `Verified: ${address} is an account of project ${file.projectId}.`,
      json: { address, projectId: file.projectId },
    };
  },
};
