import { makeWalletSecret } from '@strongroom/client/credentials';
import {
  addWalletSecret,
  type ListedWalletSecret,
  listWalletSecrets,
  revokeWalletSecret,
  walletSecretId,
} from '@strongroom/client/wallet-secrets';
import type { Command, CommandResult } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { newFilePath, spanMs } from '../framework/values.ts';
import { registerWritten } from '../input/credentials-file.ts';
import { readOwner } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

const LIST_SHAPE = '[{ id, publicKey, state, notAfter }]';

export const walletSecretRotate: Command = {
  name: 'wallet-secret rotate',
  role: 'owner',
  summary: 'make a new Wallet Secret and register it; the others go on for a while',
  description: `Both sign in between: give the new file to your programs, then let the old secret end. Should the command be
interrupted, \`wallet-secret list\` says whether the secret in the new file counts.`,
  options: {
    ...SERVICE_OPTIONS,
    out: {
      type: 'file',
      isRequired: true,
      summary: 'new file for the new credentials, written before anything is sent, mode 0600',
    },
    'retire-others-in': {
      type: 'text',
      placeholder: 'TIME',
      summary: 'when every other Wallet Secret ends: 90s, 30m, 72h, 7d; default: when it is revoked',
    },
  },
  examples: [
    'strongroom wallet-secret rotate --credentials acme.json --out acme-2.json --retire-others-in 7d',
  ],
  json: `{ id, credentialsFile, walletSecrets: ${LIST_SHAPE} }`,

  async run({ values }) {
    const { owner, file } = readOwner(values);
    const out = newFilePath(values);
    const span = spanMs(values, 'retire-others-in');
    const retireOthersAtMs = span === undefined ? null : Date.now() + span;
    const added = makeWalletSecret();
    const secrets = await registerWritten(out, { ...file, walletSecret: added.secret }, () =>
      addWalletSecret(owner, added, retireOthersAtMs),
    );
    const id = walletSecretId(added.publicKey);
    const listed = shown(secrets);
    return {
      text: `The new Wallet Secret ${id} counts; it is in ${out}.\n${listed.text}`,
      json: { id, credentialsFile: out, walletSecrets: listed.json },
    };
  },
};

export const walletSecretList: Command = {
  name: 'wallet-secret list',
  role: 'owner',
  summary: "list the project's Wallet Secrets by a fresh certificate",
  description: 'Their ids are the first half of the SHA-256 of their public keys.',
  options: SERVICE_OPTIONS,
  examples: ['strongroom wallet-secret list --credentials acme.json'],
  json: LIST_SHAPE,

  async run({ values }) {
    const { owner } = readOwner(values);
    return shown(await listWalletSecrets(owner));
  },
};

export const walletSecretRevoke: Command = {
  name: 'wallet-secret revoke',
  role: 'owner',
  summary: 'end a Wallet Secret at once; the last active one stays',
  description: 'What is signed with it is refused from then on.',
  positionals: [{ name: 'ID', summary: 'as `wallet-secret list` shows it' }],
  options: SERVICE_OPTIONS,
  irreversible: 'A revoked Wallet Secret never counts again. Revoke it?',
  examples: ['strongroom wallet-secret revoke 3f0c… --credentials acme-2.json'],
  json: LIST_SHAPE,

  async run({ values, positionals: [id = ''] }) {
    if (!/^[0-9a-f]{32}$/.test(id)) throw new UsageError("A Wallet Secret's id has 32 hex digits.");
    const { owner } = readOwner(values);
    return shown(await revokeWalletSecret(owner, id));
  },
};

function shown(secrets: readonly ListedWalletSecret[]): CommandResult {
  const json = secrets.map(({ id, publicKey, state, notAfterMs }) => ({
    id,
    publicKey: Buffer.from(publicKey).toString('base64'),
    state,
    notAfter: notAfterMs === null ? null : new Date(notAfterMs).toISOString(),
  }));
  const lines = json.map(
    ({ id, state, notAfter }) => `${id}  ${state}${notAfter === null ? '' : ` until ${notAfter}`}`,
  );
  return { text: lines.join('\n'), json };
}
