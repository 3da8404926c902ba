import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { completeRecovery, recoveryStatus, startRecovery, vetoRecovery } from '@strongroom/client/recovery';
import type { Command, Options } from '../framework/command.ts';
import { newFilePath } from '../framework/values.ts';
import {
  type CredentialsFile,
  pinsForFile,
  readCredentials,
  registerWritten,
} from '../input/credentials-file.ts';
import { readLostProject, readOwner, walletSecretOf } from '../input/owner.ts';
import { PASSPHRASE_OPTION, readPassphrase } from '../input/passphrase.ts';
import { SECOND_FACTOR_OPTION, secondFactorOf } from '../input/second-factor.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

const PROJECT_OPTIONS = {
  ...SERVICE_OPTIONS,
  project: { type: 'text', placeholder: 'ID', summary: "the project's id, when no credentials file is left" },
} as const satisfies Options;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const iso = (timeMs: number) => new Date(timeMs).toISOString();

export const recoveryStart: Command = {
  name: 'recovery start',
  role: 'owner',
  summary: 'begin to replace a lost Wallet Secret by the passphrase; then the waiting period runs',
  description: `What is in the new file counts once \`recovery complete\` is called after the waiting period. An old credentials
file can stand for --project, --url and pins.`,
  options: {
    ...PROJECT_OPTIONS,
    out: {
      type: 'file',
      isRequired: true,
      summary: 'new file for a new Wallet Secret and API key, written before anything is sent, mode 0600',
    },
    ...PASSPHRASE_OPTION,
    ...SECOND_FACTOR_OPTION,
  },
  examples: [
    'strongroom recovery start --credentials acme.json --out acme-recovered.json',
    'strongroom recovery start --project 5a… --url https://wallet.example.com --pcr0 9f… --pcr1 4b… --pcr2 e1… --passphrase-file words --out acme-recovered.json',
  ],
  json: '{ id, projectId, completableAt, credentialsFile }',

  async run(invocation) {
    const { values } = invocation;
    const project = readLostProject(values);
    const out = newFilePath(values);
    const typed = await readPassphrase(invocation);
    const { deploymentId } = await recoveryStatus(project);
    const [walletSecret, apiKey] = [makeWalletSecret(), makeApiKey()];
    const projectId = hex(project.projectId);
    const file: CredentialsFile = {
      baseUrl: project.baseUrl,
      projectId,
      deploymentId: hex(deploymentId),
      apiKeyId: apiKey.id,
      apiKeySecret: apiKey.secret,
      walletSecret: walletSecret.secret,
      ...pinsForFile(values, project.pins),
    };
    const { id, completableAtMs } = await registerWritten(out, file, () =>
      startRecovery(project, typed, { walletSecret, apiKey }, secondFactorOf(values)),
    );
    return {
      text: `Recovery ${hex(id)} waits until ${iso(completableAtMs)}. Then: strongroom recovery complete --credentials ${out}`,
      json: { id: hex(id), projectId, completableAt: iso(completableAtMs), credentialsFile: out },
    };
  },
};

export const recoveryVeto: Command = {
  name: 'recovery veto',
  role: 'owner',
  summary: 'end a recovery that waits, by a Wallet Secret that counts',
  description:
    'If you did not start it, somebody has the passphrase: replace it with `recovery replace`, which vetoes too.',
  options: SERVICE_OPTIONS,
  examples: ['strongroom recovery veto --credentials acme.json'],
  json: '{ id }',

  async run({ values }) {
    const { owner } = readOwner(values);
    const id = await vetoRecovery(owner);
    return { text: `Recovery ${id} is ended.`, json: { id } };
  },
};

export const recoveryComplete: Command = {
  name: 'recovery complete',
  role: 'owner',
  summary: 'put the new Wallet Secret in its place once the waiting period is over',
  description: `The credentials file is the one that \`recovery start\` wrote. Where the project requires a second factor for it, any
counts: a passkey, a code of the authenticator, or a recovery code, which is then crossed out.`,
  options: { ...SERVICE_OPTIONS, ...SECOND_FACTOR_OPTION },
  irreversible: 'Every other Wallet Secret of the project ends. Complete the recovery?',
  examples: [
    'strongroom recovery complete --credentials acme-recovered.json',
    'strongroom recovery complete --credentials acme-recovered.json --second-factor-file one-recovery-code.txt',
  ],
  json: '{ id, projectId }',

  async run({ values }) {
    const file = readCredentials(values);
    const privateKey = walletSecretOf(file);
    const id = await completeRecovery(readLostProject(values), { privateKey }, secondFactorOf(values));
    return {
      text: `Recovered: the Wallet Secret of this file is the only one of project ${file.projectId}.`,
      json: { id, projectId: file.projectId },
    };
  },
};

export const recoveryShow: Command = {
  name: 'recovery status',
  role: 'owner',
  summary: 'show, verified, whether a recovery waits and what the passphrase costs to guess',
  description: 'A service that does not answer this may be hiding a recovery from you.',
  options: PROJECT_OPTIONS,
  examples: ['strongroom recovery status --credentials acme.json'],
  json: '{ projectId, stretching, waitingPeriodMs, pending: { id, walletSecret, startedAt, completableAt } or null }',

  async run({ values }) {
    const { projectId, stretching, waitingPeriodMs, pending } = await recoveryStatus(readLostProject(values));
    const waiting = pending && {
      id: hex(pending.id),
      walletSecret: Buffer.from(pending.walletSecret).toString('base64'),
      startedAt: iso(pending.startedAtMs),
      completableAt: iso(pending.completableAtMs),
    };
    const { memoryKiB, passes, parallelism } = stretching;
    const lines = [
      `Project ${hex(projectId)} has a recovery passphrase: Argon2id, ${memoryKiB / 1024} MiB, ${passes} passes, ${parallelism} ${parallelism === 1 ? 'lane' : 'lanes'}.`,
      `Waiting period: ${spanOf(waitingPeriodMs)}.`,
      waiting === null
        ? 'No recovery waits.'
        : `Recovery ${waiting.id}, started ${waiting.startedAt}, can be completed from ${waiting.completableAt} on.`,
    ];
    return {
      text: lines.join('\n'),
      json: { projectId: hex(projectId), stretching, waitingPeriodMs, pending: waiting },
    };
  },
};

/** For people: 259200000 is "72 h". */
function spanOf(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`])).join(' ');
}
