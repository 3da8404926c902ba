import { makeApiKey, makeWalletSecret } from '../../src/credentials.ts';
import { importWalletSecret } from '../../src/owner.ts';
import {
  completeRecovery,
  recoveryStatus,
  setRecoveryPassphrase,
  startRecovery,
  vetoRecovery,
} from '../../src/recovery.ts';
import { makePassphrase } from '../../src/recovery-passphrase.ts';
import type { Command } from '../command.ts';
import { readCredentials, SERVICE_OPTIONS, text } from '../options.ts';
import {
  newFilePath,
  pinsForFile,
  readLostProject,
  readOwner,
  spanMs,
  writeCredentials,
} from '../owner-options.ts';
import { readPassphrase } from '../passphrase-input.ts';

const DEFAULT_WAITING_PERIOD = '72h';
const PASSPHRASE = { 'passphrase-file': { type: 'string' } } as const;
const PROJECT = { ...SERVICE_OPTIONS, project: { type: 'string' } } as const;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const iso = (timeMs: number) => new Date(timeMs).toISOString();

export const recoverySetup: Command = {
  name: 'recovery setup',
  summary: 'make a recovery passphrase of twelve words, shown once, or replace it',
  options: { ...SERVICE_OPTIONS, ...PASSPHRASE, 'waiting-period': { type: 'string' } },
  help: `strongroom recovery setup --credentials FILE [--waiting-period TIME] [--passphrase-file FILE] [--json]

  --waiting-period TIME      between the start of a recovery and its completion, in which any Wallet Secret can veto;
                             72h by default, and not less than the service's measured limit
  --passphrase-file FILE     twelve BIP-39 words of your own instead of new ones

Write the words down with the project id; neither can be shown again. Only a public key, made of them at the cost of
Argon2id, leaves this machine.

Example:
  strongroom recovery setup --credentials acme.json`,

  async run(values) {
    const { owner } = readOwner(values);
    const isOwn = text(values, 'passphrase-file') !== undefined;
    const passphrase = isOwn ? await readPassphrase(values) : makePassphrase();
    const waitingPeriodMs = spanMs(
      'waiting-period',
      text(values, 'waiting-period') ?? DEFAULT_WAITING_PERIOD,
    );
    const { publicKey, recordVersion } = await setRecoveryPassphrase(owner, passphrase, waitingPeriodMs);
    const projectId = hex(owner.projectId);
    const words = isOwn
      ? ''
      : `\n\n  ${passphrase}\n\nWrite these words down now, with the project id. They are not shown again.`;
    return {
      text: `The enclave holds the public key of the recovery passphrase of project ${projectId}.${words}`,
      json: { projectId, publicKey: hex(publicKey), recordVersion, ...(!isOwn && { passphrase }) },
    };
  },
};

export const recoveryStart: Command = {
  name: 'recovery start',
  summary: 'begin to replace a lost Wallet Secret by the passphrase; then the waiting period runs',
  options: { ...PROJECT, ...PASSPHRASE, out: { type: 'string' } },
  help: `strongroom recovery start --project ID --url URL --pcr0 HEX --pcr1 HEX --pcr2 HEX --out NEW-FILE [--passphrase-file FILE] [--json]

Secrets are never arguments: the words are typed at a prompt, or are in a file. An old credentials file can stand
for --project, --url and pins: --credentials FILE.

  --out NEW-FILE    where the new Wallet Secret and a new API key are written before anything is sent, mode 0600

They count once \`recovery complete\` is called after the waiting period.

Example:
  strongroom recovery start --credentials acme.json --out acme-recovered.json`,

  async run(values) {
    const project = readLostProject(values);
    const out = newFilePath(values);
    const typed = await readPassphrase(values);
    const { deploymentId } = await recoveryStatus(project);
    const [walletSecret, apiKey] = [makeWalletSecret(), makeApiKey()];
    const projectId = hex(project.projectId);
    writeCredentials(out, {
      baseUrl: project.baseUrl,
      projectId,
      deploymentId: hex(deploymentId),
      apiKeyId: apiKey.id,
      apiKeySecret: apiKey.secret,
      walletSecret: walletSecret.secret,
      ...pinsForFile(values, project),
    });
    const { id, completableAtMs } = await startRecovery(project, typed, { walletSecret, apiKey });
    return {
      text: `Recovery ${hex(id)} waits until ${iso(completableAtMs)}. Then: strongroom recovery complete --credentials ${out}`,
      json: { id: hex(id), projectId, completableAt: iso(completableAtMs), credentialsFile: out },
    };
  },
};

export const recoveryVeto: Command = {
  name: 'recovery veto',
  summary: 'end a recovery that waits, by a Wallet Secret that counts',
  options: SERVICE_OPTIONS,
  help: `strongroom recovery veto --credentials FILE [--json]

If you did not start it, somebody has the passphrase: replace it with \`recovery setup\`, which vetoes too.

Example:
  strongroom recovery veto --credentials acme.json`,

  async run(values) {
    const { owner } = readOwner(values);
    const id = await vetoRecovery(owner);
    return { text: `Recovery ${id} is ended.`, json: { id } };
  },
};

export const recoveryComplete: Command = {
  name: 'recovery complete',
  summary: 'put the new Wallet Secret in its place once the waiting period is over',
  options: SERVICE_OPTIONS,
  help: `strongroom recovery complete --credentials NEW-FILE [--json]

NEW-FILE is what \`recovery start\` wrote. Every other Wallet Secret ends.

Example:
  strongroom recovery complete --credentials acme-recovered.json`,

  async run(values) {
    const file = readCredentials(values);
    const privateKey = importWalletSecret(file.walletSecret);
    const id = await completeRecovery(readLostProject(values), { privateKey });
    return {
      text: `Recovered: the Wallet Secret of this file is the only one of project ${file.projectId}.`,
      json: { id, projectId: file.projectId },
    };
  },
};

export const recoveryShow: Command = {
  name: 'recovery status',
  summary: 'show, verified, whether a recovery waits and what the passphrase costs to guess',
  options: PROJECT,
  help: `strongroom recovery status --credentials FILE [--json]
strongroom recovery status --project ID --url URL --pcr0 HEX --pcr1 HEX --pcr2 HEX [--json]

Example:
  strongroom recovery status --credentials acme.json`,

  async run(values) {
    const { projectId, stretching, waitingPeriodMs, pending } = await recoveryStatus(readLostProject(values));
    const waiting = pending && {
      id: hex(pending.id),
      walletSecret: Buffer.from(pending.walletSecret).toString('base64'),
      startedAt: iso(pending.startedAtMs),
      completableAt: iso(pending.completableAtMs),
    };
    const { memoryKiB, passes, parallelism } = stretching;
    const lines = [
      `Project ${hex(projectId)} has a recovery passphrase: Argon2id, ${memoryKiB / 1024} MiB, ${passes} passes, ${parallelism} lanes.`,
      `Waiting period: ${waitingPeriodMs / 3_600_000} hours.`,
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
