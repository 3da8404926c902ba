import { ClientError } from '@strongroom/client/client-error';
import type { Owner } from '@strongroom/client/owner';
import { recoveryStatus, removeRecoveryPassphrase, setRecoveryPassphrase } from '@strongroom/client/recovery';
import { makePassphrase } from '@strongroom/client/recovery-passphrase';
import type { Command, CommandResult, Invocation, Options } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { spanMs, text } from '../framework/values.ts';
import { readOwner } from '../input/owner.ts';
import { readPassphrase } from '../input/passphrase.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

const DEFAULT_WAITING_PERIOD_MS = 72 * 3_600_000;
const OPTIONS: Options = {
  ...SERVICE_OPTIONS,
  'waiting-period': {
    type: 'text',
    placeholder: 'TIME',
    summary:
      "between a recovery's start and its completion, in which any Wallet Secret can veto; default: 72h, and not less than the service's measured limit",
  },
  'passphrase-file': { type: 'file', summary: 'twelve BIP-39 words of your own instead of new ones' },
};
const JSON_SHAPE = '{ projectId, publicKey, recordVersion, passphrase }, the last one only of new words';
const WRITE_DOWN = `Write the words down with the project id; neither can be shown again. Only a public key, made of them at the
cost of Argon2id, leaves this machine.`;

export const recoverySetup: Command = {
  name: 'recovery setup',
  role: 'owner',
  summary: 'make a recovery passphrase of twelve words, shown once',
  description: WRITE_DOWN,
  options: OPTIONS,
  examples: ['strongroom recovery setup --credentials acme.json'],
  json: JSON_SHAPE,

  async run(invocation) {
    const { owner } = readOwner(invocation.values);
    if (await hasPassphrase(owner))
      throw new UsageError(
        'The project has a recovery passphrase: `strongroom recovery replace` makes another.',
      );
    return await setPassphrase(owner, invocation);
  },
};

export const recoveryReplace: Command = {
  name: 'recovery replace',
  role: 'owner',
  summary: 'make another recovery passphrase in the place of the one there is',
  description: `A recovery that waits is ended. ${WRITE_DOWN}`,
  options: OPTIONS,
  irreversible: 'The old words never count again. Replace them?',
  examples: ['strongroom recovery replace --credentials acme.json --waiting-period 7d'],
  json: JSON_SHAPE,

  async run(invocation) {
    const { owner } = readOwner(invocation.values);
    return await setPassphrase(owner, invocation);
  },
};

export const recoveryRemove: Command = {
  name: 'recovery remove',
  role: 'owner',
  summary: 'remove the recovery passphrase, and a recovery that waits for it',
  description: 'Any Wallet Secret that counts can do this. The old words never count again.',
  options: SERVICE_OPTIONS,
  irreversible: 'Without a passphrase nobody can replace a lost Wallet Secret. Remove it?',
  examples: ['strongroom recovery remove --credentials acme.json'],
  json: '{ projectId }',

  async run({ values }) {
    const { owner } = readOwner(values);
    await removeRecoveryPassphrase(owner);
    const projectId = Buffer.from(owner.projectId).toString('hex');
    return { text: `Project ${projectId} has no recovery passphrase any more.`, json: { projectId } };
  },
};

/** Whether the enclave certifies one; a service that denies one has it replaced by what the owner is shown. */
async function hasPassphrase(owner: Owner): Promise<boolean> {
  try {
    await recoveryStatus(owner);
    return true;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

async function setPassphrase(owner: Owner, invocation: Invocation): Promise<CommandResult> {
  const { values } = invocation;
  const isOwn = text(values, 'passphrase-file') !== undefined;
  const waitingPeriodMs = spanMs(values, 'waiting-period') ?? DEFAULT_WAITING_PERIOD_MS;
  const passphrase = isOwn ? await readPassphrase(invocation) : makePassphrase();
  const { publicKey, recordVersion } = await setRecoveryPassphrase(owner, passphrase, waitingPeriodMs);
  const projectId = Buffer.from(owner.projectId).toString('hex');
  const words = isOwn
    ? ''
    : `\n\n  ${passphrase}\n\nWrite these words down now, with the project id. They are not shown again.`;
  return {
    text: `The enclave holds the public key of the recovery passphrase of project ${projectId}.${words}`,
    json: {
      projectId,
      publicKey: Buffer.from(publicKey).toString('hex'),
      recordVersion,
      ...(!isOwn && { passphrase }),
    },
  };
}
