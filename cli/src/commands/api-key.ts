import { isIPv4, isIPv6 } from 'node:net';
import type { CertifiedApiKey } from '@strongroom/attestation/project-certificate';
import { type ApiKeyGrant, addApiKey, listApiKeys, revokeApiKey } from '@strongroom/client/api-keys';
import { type ApiKeyAlgorithm, makeApiKey } from '@strongroom/client/credentials';
import type { Command, CommandResult, Options } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { list, newFilePath, spanMs, text, type Values } from '../framework/values.ts';
import { registerWritten } from '../input/credentials-file.ts';
import { readOwner } from '../input/owner.ts';
import { SCOPES } from '../input/scopes.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

const LIST_SHAPE = '[{ id, algorithm, scopes }]';
const NEW_KEY_OPTIONS = {
  ...SERVICE_OPTIONS,
  out: {
    type: 'file',
    isRequired: true,
    summary: 'new file for the credentials with the new key, written before anything is sent, mode 0600',
  },
  'expires-in': {
    type: 'text',
    placeholder: 'TIME',
    summary: 'when the key ends: 90s, 30m, 72h, 30d; default: when it is revoked',
  },
  'allow-ip': {
    type: 'text',
    placeholder: 'CIDR',
    isRepeatable: true,
    summary: 'an address or block that may use it; default: any. The proxy enforces it, not the enclave',
  },
} as const satisfies Options;

export const apiKeyCreate: Command = {
  name: 'api-key create',
  role: 'owner',
  summary: 'make another API key, with scopes, an end and addresses of its own',
  description: 'It is made on this machine; the service gets its public part and a proof that it exists.',
  options: {
    ...NEW_KEY_OPTIONS,
    scope: {
      type: 'text',
      placeholder: 'SCOPE',
      isRepeatable: true,
      choices: SCOPES,
      summary: 'what it may do; default: read and sign',
    },
    algorithm: {
      type: 'text',
      placeholder: 'ALGORITHM',
      choices: ['EdDSA', 'ES256'],
      summary: 'ES256 for programs that take only a PEM; default: EdDSA',
    },
  },
  examples: [
    'strongroom api-key create --credentials acme.json --out acme-ci.json --scope read --expires-in 30d',
  ],
  json: `{ id, credentialsFile, apiKeys: ${LIST_SHAPE} }`,

  async run({ values }) {
    const algorithm = text(values, 'algorithm') === 'ES256' ? 'ES256' : 'EdDSA';
    return await create(values, algorithm, list(values, 'scope') ?? ['read', 'sign']);
  },
};

export const apiKeyRotate: Command = {
  name: 'api-key rotate',
  role: 'owner',
  summary: 'make an API key like the one of the credentials file, which goes on until it is revoked',
  description: 'Give the new file to your programs, then revoke the old key with it.',
  options: NEW_KEY_OPTIONS,
  examples: ['strongroom api-key rotate --credentials acme.json --out acme-2.json'],
  json: `{ id, credentialsFile, apiKeys: ${LIST_SHAPE} }`,

  async run({ values }) {
    const { owner, file } = readOwner(values);
    const old = (await listApiKeys(owner)).find(({ id }) => id === file.apiKeyId);
    if (old === undefined) throw new UsageError('The API key of the credentials file is not certified.');
    return await create(values, old.algorithm, old.scopes);
  },
};

export const apiKeyList: Command = {
  name: 'api-key list',
  role: 'owner',
  summary: "list the project's API keys by a fresh certificate",
  description: 'Secrets are not among what is shown: the service never had them.',
  options: SERVICE_OPTIONS,
  examples: ['strongroom api-key list --credentials acme.json'],
  json: LIST_SHAPE,

  async run({ values }) {
    return shown(await listApiKeys(readOwner(values).owner));
  },
};

export const apiKeyRevoke: Command = {
  name: 'api-key revoke',
  role: 'owner',
  summary: 'end an API key at once; the last one stays',
  description: 'Not the one that this very command uses: revoke that with the credentials of another.',
  positionals: [{ name: 'ID', summary: 'as `api-key list` shows it' }],
  options: SERVICE_OPTIONS,
  irreversible: 'A revoked API key never counts again. Revoke it?',
  examples: ['strongroom api-key revoke 8b1f… --credentials acme-2.json'],
  json: LIST_SHAPE,

  async run({ values, positionals: [id = ''] }) {
    const { owner, file } = readOwner(values);
    if (id === file.apiKeyId)
      throw new UsageError('This command uses that key itself. Revoke it with the credentials of another.');
    return shown(await revokeApiKey(owner, id));
  },
};

async function create(
  values: Values,
  algorithm: ApiKeyAlgorithm,
  scopes: readonly string[],
): Promise<CommandResult> {
  const { owner, file } = readOwner(values);
  const out = newFilePath(values);
  const span = spanMs(values, 'expires-in');
  const allowedIps = list(values, 'allow-ip') ?? [];
  if (!allowedIps.every(isAddressBlock))
    throw new UsageError(
      '--allow-ip is an address or a block such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.',
    );
  const grant: ApiKeyGrant = {
    scopes,
    allowedIps,
    ...(span !== undefined && { expiresAtMs: Date.now() + span }),
  };
  const key = makeApiKey(algorithm);
  const secrets = { ...file, apiKeyId: key.id, apiKeySecret: key.secret };
  const listed = shown(await registerWritten(out, secrets, () => addApiKey(owner, key, grant)));
  return {
    text: `The new API key ${key.id} counts; it is in ${out}.\n${listed.text}`,
    json: { id: key.id, credentialsFile: out, apiKeys: listed.json },
  };
}

function isAddressBlock(written: string): boolean {
  const [address = '', bits, ...rest] = written.split('/');
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  const isPrefix = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= most);
  return most > 0 && isPrefix && rest.length === 0;
}

function shown(apiKeys: readonly CertifiedApiKey[]): CommandResult {
  const json = apiKeys.map(({ id, algorithm, scopes }) => ({ id, algorithm, scopes }));
  const lines = json.map(({ id, algorithm, scopes }) => `${id}  ${algorithm}  ${scopes.join(', ')}`);
  return { text: lines.join('\n'), json };
}
