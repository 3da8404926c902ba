import { existsSync, readFileSync } from 'node:fs';
import { verifyRotation } from '../../src/rotation.ts';
import { connectService } from '../../src/service.ts';
import { verifyService } from '../../src/verify-service.ts';
import type { Command } from '../command.ts';
import { readCredentials, readPins, required, SERVICE_OPTIONS, text } from '../options.ts';
import { UsageError } from '../usage-error.ts';

export const rotationVerify: Command = {
  name: 'rotation verify',
  summary: "verify that the last rotation of the root key carried all of the project's accounts",
  options: { ...SERVICE_OPTIONS, accounts: { type: 'string' } },
  help: `strongroom rotation verify --accounts FILE --credentials FILE [--pcr0 HEX --pcr1 HEX --pcr2 HEX] [--custom-root PEM] [--json]

FILE has one address a line: your own list, as of the rotation, not one that the service gave you. The enclave certified how many
accounts it saw and the digest of their keys; one that it was not shown makes the lists differ.

Example:
  strongroom rotation verify --accounts addresses.txt --credentials acme.json`,

  async run(values) {
    const file = readCredentials(values);
    const addresses = readAddresses(required(values, 'accounts'));
    const service = connectService(text(values, 'url') ?? file.baseUrl);
    const identity = await verifyService(service, readPins(values, file));
    const certificate = await verifyRotation(service, identity, {
      credentials: file,
      projectId: Buffer.from(file.projectId, 'hex'),
      addresses,
    });
    const { generation, accounts, completedAtMs } = certificate;
    const completedAt = new Date(completedAtMs).toISOString();
    return {
      text: `Verified: at ${completedAt} the enclave saw all ${accounts} accounts of project ${file.projectId} under generation ${generation} of the root key.`,
      json: { projectId: file.projectId, generation, accounts, completedAt },
    };
  },
};

/** @throws UsageError */
function readAddresses(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
