import { listTransferReceipts } from '@strongroom/client/transfer-receipts';
import type { Command } from '../framework/command.ts';
import { readOwner } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

export const audit: Command = {
  name: 'audit',
  role: 'owner',
  summary: 'list the exports and imports of keys, newest first, by the receipts that the enclave signed',
  description: `Each receipt is verified; one that is altered or another project's ends with exit code 3, and nothing is listed. What is listed happened;
a receipt that the service withholds is not seen: an export of yours that is missing here is reason to ask.`,
  options: SERVICE_OPTIONS,
  examples: ['strongroom audit --credentials acme.json'],
  json: '[{ transfer, address, curve, issuedAt, recordVersion, recipientDigest, receipt }]',

  async run({ values }) {
    const receipts = await listTransferReceipts(readOwner(values).owner);
    const json = receipts.map(({ transfer, address, curve, issuedAtMs, recordVersion, ...receipt }) => ({
      transfer,
      address,
      curve,
      issuedAt: new Date(issuedAtMs).toISOString(),
      recordVersion,
      recipientDigest: receipt.recipientDigest && Buffer.from(receipt.recipientDigest).toString('hex'),
      receipt: Buffer.from(receipt.signed).toString('base64'),
    }));
    const lines = json.map(({ issuedAt, transfer, address }) => `${issuedAt}  ${transfer}  ${address}`);
    return { text: lines.length === 0 ? 'No key was exported or imported.' : lines.join('\n'), json };
  },
};
