import type { CertifiedApiKey } from '@strongroom/attestation/project-certificate';
import { addApiKey, listApiKeys, revokeApiKey } from '../../src/api-keys.ts';
import { type ApiKeyAlgorithm, makeApiKey } from '../../src/credentials.ts';
import type { Command, CommandResult } from '../command.ts';
import { SERVICE_OPTIONS, text } from '../options.ts';
import { newFilePath, readOwner, spanMs, writeCredentials } from '../owner-options.ts';
import { UsageError } from '../usage-error.ts';

export const apiKeyAdd: Command = {
  name: 'api-key add',
  summary: 'make another API key, with scopes, an end and addresses of its own',
  options: {
    ...SERVICE_OPTIONS,
    out: { type: 'string' },
    scope: { type: 'string', multiple: true },
    algorithm: { type: 'string' },
    'expires-in': { type: 'string' },
    'allow-ip': { type: 'string', multiple: true },
  },
  help: `strongroom api-key add --credentials FILE --out NEW-FILE [--scope SCOPE]... [--algorithm EdDSA|ES256] [--expires-in TIME] [--allow-ip CIDR]... [--json]

  --out NEW-FILE         where the credentials with the new key are written before anything is sent, mode 0600; it must not exist
  --scope SCOPE          read, sign, accounts#export, policies#manage; repeatable; default read and sign
  --algorithm            EdDSA (default), or ES256 for programs that take only a PEM
  --expires-in TIME      when the key ends: 90s, 30m, 72h, 30d; left out, it counts until it is revoked
  --allow-ip CIDR        an address or block that may use it; repeatable; default any. The proxy enforces it, not the enclave

To rotate: add a key, give NEW-FILE to your programs, revoke the old key. Both count in between.

Example:
  strongroom api-key add --credentials acme.json --out acme-ci.json --scope read --expires-in 30d`,

  async run(values) {
    const { owner, file } = readOwner(values);
    const out = newFilePath(values);
    const algorithm = algorithmOf(text(values, 'algorithm') ?? 'EdDSA');
    const span = text(values, 'expires-in');
    const grant = {
      scopes: listOf(values['scope']) ?? ['read', 'sign'],
      allowedIps: listOf(values['allow-ip']) ?? [],
      ...(span !== undefined && { expiresAtMs: Date.now() + spanMs('expires-in', span) }),
    };
    const key = makeApiKey(algorithm);
    // Before it is registered: what counts must never be lost.
    writeCredentials(out, { ...file, apiKeyId: key.id, apiKeySecret: key.secret });
    const listed = shown(await addApiKey(owner, key, grant));
    return {
      text: `The new API key ${key.id} counts; it is in ${out}.\n${listed.text}`,
      json: { id: key.id, credentialsFile: out, apiKeys: listed.json },
    };
  },
};

export const apiKeyList: Command = {
  name: 'api-key list',
  summary: "list the project's API keys by a fresh certificate",
  options: SERVICE_OPTIONS,
  help: `strongroom api-key list --credentials FILE [--json]

Example:
  strongroom api-key list --credentials acme.json`,

  async run(values) {
    return shown(await listApiKeys(readOwner(values).owner));
  },
};

export const apiKeyRevoke: Command = {
  name: 'api-key revoke',
  summary: 'end an API key at once; the last one stays',
  options: SERVICE_OPTIONS,
  help: `strongroom api-key revoke ID --credentials FILE [--json]

Takes the id that \`api-key list\` shows; not the one of the credentials that this very command uses. It cannot be undone.

Example:
  strongroom api-key revoke 8b1f… --credentials acme-2.json`,

  async run(values, [id]) {
    if (id === undefined) throw new UsageError('Which API key? Name its id.');
    const { owner, file } = readOwner(values);
    if (id === file.apiKeyId)
      throw new UsageError('This command uses that key itself. Revoke it with the credentials of another.');
    return shown(await revokeApiKey(owner, id));
  },
};

function algorithmOf(value: string): ApiKeyAlgorithm {
  if (value === 'EdDSA' || value === 'ES256') return value;
  throw new UsageError('--algorithm is EdDSA or ES256.');
}

function listOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

function shown(apiKeys: readonly CertifiedApiKey[]): CommandResult {
  const json = apiKeys.map(({ id, algorithm, scopes }) => ({ id, algorithm, scopes }));
  const lines = json.map(({ id, algorithm, scopes }) => `${id}  ${algorithm}  ${scopes.join(', ')}`);
  return { text: lines.join('\n'), json };
}
