import { exportAccountKey, familyOf, importAccountKey } from '@strongroom/client/account-transfer';
import { openOwnerSession } from '@strongroom/client/owner';
import { readAllPages } from '@strongroom/client/pages';
import type { Command, Option } from '../framework/command.ts';
import { newFilePath, required, text } from '../framework/values.ts';
import { formatAccountKey, readAccountKey } from '../input/account-key-file.ts';
import { writeSecretFile } from '../input/credentials-file.ts';
import { readOwner } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

const FAMILY = { type: 'text', placeholder: 'FAMILY', choices: ['evm', 'solana'] } as const;
const FORMATS = 'EVM as 0x and 64 hex digits, Solana as solana-keygen writes it';

export const accountList: Command = {
  name: 'account list',
  role: 'owner',
  summary: 'list the accounts that the service names, newest first',
  description:
    'The list is not proof: `account verify` proves one address, `rotation verify` compares your own list with what the enclave saw.',
  options: { ...SERVICE_OPTIONS, family: { ...FAMILY, summary: 'only of this kind; default: both' } },
  examples: ['strongroom account list --credentials acme.json --family evm'],
  json: '[{ family, address, name, policies, createdAt, updatedAt }]',

  async run({ values }) {
    const session = await openOwnerSession(readOwner(values).owner);
    const family = text(values, 'family');
    const lists = await Promise.all(
      (family === undefined ? ['evm', 'solana'] : [family]).map(async (one) =>
        (await readAllPages(session, `/v2/${one}/accounts`, 'accounts')).map((account) => ({
          family: one,
          ...account,
        })),
      ),
    );
    const accounts: readonly Readonly<Record<string, unknown>>[] = lists.flat();
    const lines = accounts.map(({ address, name }) => `${address}${name === undefined ? '' : `  ${name}`}`);
    return { text: lines.length === 0 ? 'No accounts.' : lines.join('\n'), json: accounts };
  },
};

export const accountExport: Command = {
  name: 'account export',
  role: 'owner',
  summary: "write an account's private key to a file",
  description: `The enclave encrypts it to an RSA key that is made and forgotten on this machine. The project has to allow export, and the API key
to have the scope accounts#export. What is written was checked to be the key of the address: ${FORMATS}. The enclave signs
a receipt; when it is missing or wrong the command ends with exit code 3, with the key in the file.`,
  positionals: [{ name: 'ADDRESS', summary: 'of the account' }],
  options: {
    ...SERVICE_OPTIONS,
    out: { type: 'file', isRequired: true, summary: 'new file for the key, mode 0600' },
  },
  irreversible: 'From then on whoever has the file has the money, whatever policies say. Export the key?',
  examples: [
    'strongroom account export 0x742d35Cc6634C0532925a3b844Bc454e4438f44e --credentials acme.json --out key',
  ],
  json: '{ address, keyFile, receipt }',

  async run({ values, positionals: [address = ''] }) {
    const { owner } = readOwner(values);
    const out = newFilePath(values);
    const receipt = await exportAccountKey(owner, address, (key) =>
      writeSecretFile(out, formatAccountKey(familyOf(address), key)),
    );
    return {
      text: `The private key of ${address} is in ${out}. The enclave's receipt of it is verified.`,
      json: { address, keyFile: out, receipt: base64Of(receipt) },
    };
  },
};

const KEY_FILE: Option = { type: 'file', isRequired: true, summary: `the private key: ${FORMATS}` };

export const accountImport: Command = {
  name: 'account import',
  role: 'owner',
  summary: 'give the enclave a private key that you have, as an account',
  description: `It is encrypted on this machine to the project's certified import key. The file stays: remove it when you no longer need it, and
remember who may have seen the key before. The enclave signs a receipt; when it is missing or wrong the command ends with exit code 3, with the
account made.`,
  options: {
    ...SERVICE_OPTIONS,
    family: { ...FAMILY, isRequired: true, summary: 'the kind of account' },
    'key-file': KEY_FILE,
    name: { type: 'text', placeholder: 'NAME', summary: 'of the account' },
  },
  examples: ['strongroom account import --family evm --key-file key --name treasury --credentials acme.json'],
  json: '{ address, name, receipt }',

  async run({ values }) {
    const { owner } = readOwner(values);
    const family = text(values, 'family') === 'solana' ? 'solana' : 'evm';
    const key = readAccountKey(family, required(values, 'key-file'));
    const name = text(values, 'name');
    const { address, receipt } = await importAccountKey(owner, {
      family,
      key,
      ...(name !== undefined && { name }),
    });
    return {
      text: `The enclave certifies ${address} for this key, and its receipt is verified.`,
      json: { address, name: name ?? null, receipt: base64Of(receipt) },
    };
  },
};

const base64Of = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
