import type { FactorChallenge } from '@strongroom/attestation/factor-challenge';
import {
  addPasskey,
  listFactors,
  passkeyId,
  removePasskey,
  removeTotp,
} from '@strongroom/client/second-factors';
import type { Command, CommandResult } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { list, required, text } from '../framework/values.ts';
import { readOwner } from '../input/owner.ts';
import { askNewPasskey } from '../input/second-factor.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

export const FACTORS_SHAPE =
  '{ passkeys: [{ id, name, enrolledAt }], webauthn, totp, recoveryCodes, requiredFor, recordVersion }';

export const factorList: Command = {
  name: 'factor list',
  role: 'owner',
  summary: 'list the second factors of the project and what it requires one for, by a fresh certificate',
  description: 'Secrets of factors are never shown, recovery codes are counted.',
  options: SERVICE_OPTIONS,
  examples: ['strongroom factor list --credentials acme.json'],
  json: FACTORS_SHAPE,

  async run({ values }) {
    return shown(await listFactors(readOwner(values).owner));
  },
};

export const factorAddPasskey: Command = {
  name: 'factor add-passkey',
  role: 'owner',
  summary: "make a passkey in your browser, on a page of the service, and add it to the project's factors",
  description: `The command prints an address; open it in the browser that has the passkey, and paste what the page shows. The first
passkey decides at which addresses all of them are used.`,
  options: {
    ...SERVICE_OPTIONS,
    name: {
      type: 'text',
      isRequired: true,
      summary: 'what you call it, up to 36 letters, digits and blanks',
    },
    origin: {
      type: 'text',
      placeholder: 'URL',
      isRepeatable: true,
      summary:
        "where the page is opened, https:// or http://localhost; default: the passkeys' there are, or the service's",
    },
    'rp-id': {
      type: 'text',
      placeholder: 'HOST',
      summary: "the host that all origins are at or below; default: the first origin's",
    },
  },
  examples: [
    'strongroom factor add-passkey --name laptop --credentials acme.json',
    'strongroom factor add-passkey --name key-7 --origin https://wallet.example.com --rp-id example.com --credentials acme.json',
  ],
  json: FACTORS_SHAPE,

  async run({ values }) {
    const { owner } = readOwner(values);
    const { webauthn } = await listFactors(owner);
    const origins = list(values, 'origin') ?? webauthn?.origins ?? [originOf(owner.baseUrl)];
    const [first = ''] = origins;
    if (!origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin))
      throw new UsageError('--origin is an address without a path, such as https://wallet.example.com.');
    const rpId = text(values, 'rp-id') ?? webauthn?.rpId ?? new URL(first).hostname;
    const place = { name: required(values, 'name'), rpId, origins };
    return shown(await addPasskey(owner, place, (question) => askNewPasskey(question, place)));
  },
};

export const factorRemove: Command = {
  name: 'factor remove',
  role: 'owner',
  summary:
    'take a passkey or the TOTP secret out of the project; the last factor stays while one is required',
  description:
    'Where anything is required, another factor, or this one for the last time, has to confirm it.',
  positionals: [{ name: 'FACTOR', summary: 'the id of a passkey as `factor list` shows it, or totp' }],
  options: SERVICE_OPTIONS,
  irreversible: 'A removed factor never counts again. Remove it?',
  examples: [
    'strongroom factor remove 3f0c… --credentials acme.json',
    'strongroom factor remove totp --credentials acme.json',
  ],
  json: FACTORS_SHAPE,

  async run({ values, positionals: [factor = ''] }) {
    if (factor !== 'totp' && !/^[0-9a-f]{32}$/.test(factor))
      throw new UsageError('A factor is "totp" or the id of a passkey, 32 hex digits.');
    const { owner } = readOwner(values);
    return shown(factor === 'totp' ? await removeTotp(owner) : await removePasskey(owner, factor));
  },
};

/** Passkeys know this machine by its name only. */
function originOf(baseUrl: string): string {
  const url = new URL(baseUrl);
  if (url.hostname === '127.0.0.1') url.hostname = 'localhost';
  return url.origin;
}

export function shown(challenge: FactorChallenge): CommandResult {
  const { passkeys, webauthn, hasTotp, recoveryCodes, requiredFor, recordVersion } = challenge;
  const listed = passkeys.map(({ credentialId, name, enrolledAtMs }) => ({
    id: passkeyId(credentialId),
    name,
    enrolledAt: new Date(enrolledAtMs).toISOString(),
  }));
  const lines = [
    ...listed.map(({ id, name, enrolledAt }) => `passkey ${id}  ${name}, since ${enrolledAt}`),
    `TOTP: ${hasTotp ? 'yes' : 'no'}`,
    `recovery codes: ${recoveryCodes}`,
    `required for: ${requiredFor.length === 0 ? 'nothing' : requiredFor.join(', ')}`,
  ];
  return {
    text: lines.join('\n'),
    json: { passkeys: listed, webauthn, totp: hasTotp, recoveryCodes, requiredFor, recordVersion },
  };
}
