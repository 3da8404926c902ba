import { verifyRotation } from '@strongroom/client/rotation';
import type { Command } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { readNamedFile, required } from '../framework/values.ts';
import { isAddress } from '../input/address.ts';
import { openVerified } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

export const rotationVerify: Command = {
  name: 'rotation verify',
  role: 'owner',
  summary: "verify that the last rotation of the root key carried all of the project's accounts",
  description: `The enclave certified how many accounts it saw and the digest of their keys; one that it was not shown makes the lists differ.`,
  options: {
    ...SERVICE_OPTIONS,
    accounts: {
      type: 'file',
      isRequired: true,
      summary: 'one address a line: your own list, as of the rotation, not one that the service gave you',
    },
  },
  examples: ['strongroom rotation verify --accounts addresses.txt --credentials acme.json'],
  json: '{ projectId, generation, accounts, completedAt }',

  async run({ values }) {
    const addresses = readNamedFile(required(values, 'accounts'))
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const wrong = addresses.findIndex((address) => !isAddress(address));
    if (wrong >= 0) throw new UsageError(`Address ${wrong + 1} of --accounts is none: one address a line.`);
    const { service, identity, project, file } = await openVerified(values);
    const certificate = await verifyRotation(service, identity, { ...project, addresses });
    const { generation, accounts, completedAtMs } = certificate;
    const completedAt = new Date(completedAtMs).toISOString();
    return {
      text: `Verified: at ${completedAt} the enclave saw all ${accounts} accounts of project ${file.projectId} under generation ${generation} of the root key.`,
      json: { projectId: file.projectId, generation, accounts, completedAt },
    };
  },
};
