import { makeWalletSecret } from '../../src/credentials.ts';
import {
  addWalletSecret,
  type ListedWalletSecret,
  listWalletSecrets,
  revokeWalletSecret,
  walletSecretId,
} from '../../src/wallet-secrets.ts';
import type { Command, CommandResult } from '../command.ts';
import { SERVICE_OPTIONS, text } from '../options.ts';
import { newFilePath, readOwner, spanMs, writeCredentials } from '../owner-options.ts';
import { UsageError } from '../usage-error.ts';

export const walletSecretRotate: Command = {
  name: 'wallet-secret rotate',
  summary: 'make a new Wallet Secret and register it; the others go on for a while',
  options: { ...SERVICE_OPTIONS, out: { type: 'string' }, 'retire-others-in': { type: 'string' } },
  help: `strongroom wallet-secret rotate --credentials FILE --out NEW-FILE [--retire-others-in TIME] [--json]

  --out NEW-FILE             where the new credentials are written before anything is sent, mode 0600; it must not exist
  --retire-others-in TIME    when every other Wallet Secret ends: 90s, 30m, 72h, 7d; left out, they stay until they are revoked

Both sign in between: give NEW-FILE to your programs, then let the old one end. Should the command be interrupted,
\`wallet-secret list\` says whether the secret in NEW-FILE counts.

Example:
  strongroom wallet-secret rotate --credentials acme.json --out acme-2.json --retire-others-in 7d`,

  async run(values) {
    const { owner, file } = readOwner(values);
    const out = newFilePath(values);
    const span = text(values, 'retire-others-in');
    const retireOthersAtMs = span === undefined ? null : Date.now() + spanMs('retire-others-in', span);
    const added = makeWalletSecret();
    // Before it is registered: what counts must never be lost.
    writeCredentials(out, { ...file, walletSecret: added.secret });
    const secrets = await addWalletSecret(owner, added, retireOthersAtMs);
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
  summary: "list the project's Wallet Secrets by a fresh certificate",
  options: SERVICE_OPTIONS,
  help: `strongroom wallet-secret list --credentials FILE [--json]

Example:
  strongroom wallet-secret list --credentials acme.json`,

  async run(values) {
    const { owner } = readOwner(values);
    return shown(await listWalletSecrets(owner));
  },
};

export const walletSecretRevoke: Command = {
  name: 'wallet-secret revoke',
  summary: 'end a Wallet Secret at once; the last active one stays',
  options: SERVICE_OPTIONS,
  help: `strongroom wallet-secret revoke ID --credentials FILE [--json]

Takes the id that \`wallet-secret list\` shows. It cannot be undone.

Example:
  strongroom wallet-secret revoke 3f0c… --credentials acme-2.json`,

  async run(values, [id]) {
    if (id === undefined || !/^[0-9a-f]{32}$/.test(id))
      throw new UsageError('Which Wallet Secret? Its id has 32 hex digits.');
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
