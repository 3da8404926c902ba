import { existsSync } from 'node:fs';
import type { DrilledProject, NamedArchive, VerifiedArchive } from '@strongroom/parent-proxy/operator/backup';
import type { Command, Invocation, Options } from '../framework/command.ts';
import { OperatorError } from '../framework/operator-error.ts';
import { UsageError } from '../framework/usage-error.ts';
import { integer, list, newFilePath, readSecretFile, required, text } from '../framework/values.ts';
import { withDeployment } from '../input/deployment.ts';

const DEPLOYMENT_OPTION = {
  deployment: {
    type: 'text',
    placeholder: 'HEX',
    isRequired: true,
    summary: 'id of the deployment, 64 hex digits, from your own books: "project show" and "backup" print it',
  },
} as const satisfies Options;
const ARCHIVE_OPTIONS = {
  in: { type: 'file', isRequired: true, summary: 'the archive' },
  identity: {
    type: 'file',
    isRequired: true,
    summary:
      'file with the age identity (AGE-SECRET-KEY-1...) of one of its recipients, as "backup key" or age-keygen writes it',
  },
  ...DEPLOYMENT_OPTION,
} as const satisfies Options;
const ARCHIVE_SHAPE =
  '{ contentDigest, certifiedAt, projects, accounts, rows, securityEpoch, rootRecordVersion }';

export const backup: Command = {
  name: 'backup',
  role: 'operator',
  summary: 'write one consistent, encrypted, certified archive of both databases while the service runs',
  description: `Whoever has the identity of a recipient can read the archive, which holds nothing that opens without the KMS key. Keep identities away
from the service; "backup key" makes one. A file is there only when it is whole.`,
  options: {
    out: { type: 'file', isRequired: true, summary: 'the new archive' },
    recipient: {
      type: 'text',
      placeholder: 'AGE1',
      isRepeatable: true,
      isRequired: true,
      environment: 'STRONGROOM_BACKUP_RECIPIENT',
      summary: 'age public key that it is encrypted to',
    },
  },
  examples: [
    'strongroom backup --out strongroom-2026-11-21.age --recipient age1...',
    'strongroom backup --out strongroom-20261121T030000Z.age --recipient age1... --recipient age1... --json',
  ],
  json: '{ path, deploymentId, contentDigest, projects, accounts, rows }',

  async run(invocation) {
    const { values } = invocation;
    const path = newFilePath(values);
    const recipients = list(values, 'recipient') ?? [];
    if (!recipients.every((recipient) => /^age1[a-z0-9]{40,4000}$/.test(recipient)))
      throw new UsageError('--recipient is an age public key, age1...');
    const report = reporter(invocation, 'backup');
    const { deploymentId, ...written } = await withOperator((operator) =>
      withDeployment(invocation, (deployment) => operator.backup(deployment, { path, recipients, report })),
    );
    const { projects, accounts, rows } = written;
    const json = {
      path,
      deploymentId: hex(deploymentId),
      contentDigest: hex(written.contentDigest),
      projects,
      accounts,
      rows,
    };
    return {
      text: `${path}: ${rows} rows, ${accounts} accounts of ${projects} projects of deployment ${json.deploymentId}\ncontent ${json.contentDigest}`,
      json,
    };
  },
};

export const backupVerify: Command = {
  name: 'backup verify',
  role: 'operator',
  summary: 'read an archive to its end and verify that an enclave of the deployment signed for it',
  description: 'Writes nothing and asks no service. That its keys can be used again is proved by "drill".',
  options: ARCHIVE_OPTIONS,
  examples: ['strongroom backup verify --in strongroom.age --identity backup.key --deployment HEX'],
  json: ARCHIVE_SHAPE,

  async run({ values }) {
    const archive = namedArchive(values);
    return described(await withOperator(({ inspect }) => inspect(archive)), 'Verified');
  },
};

export const restore: Command = {
  name: 'restore',
  role: 'operator',
  summary: 'fill two empty databases from an archive, after all of it was verified',
  description: `Runs with the proxy's settings while no proxy does. The proxy that starts next has the enclave count the restore: every attestation shows
a higher security epoch from then on. What happened after the backup is lost: clients compare record versions ("project verify").`,
  options: {
    ...ARCHIVE_OPTIONS,
    'above-epoch': {
      type: 'integer',
      placeholder: 'N',
      range: [1, 0x7fff_ffff],
      summary:
        'the security epoch that "status" showed last, when there was another restore since the backup; default: that of the backup',
    },
    'not-older-than': {
      type: 'text',
      placeholder: 'TIME',
      summary: 'refuse a backup from before this time (ISO 8601): that of the newest that you know of',
    },
  },
  irreversible: 'Everything that happened after this backup is lost. Restore it?',
  examples: [
    'strongroom restore --in strongroom.age --identity backup.key --deployment HEX --not-older-than 2026-11-21T03:00:00Z',
  ],
  json: ARCHIVE_SHAPE,

  async run(invocation) {
    const { values, platform, environment } = invocation;
    const archive = namedArchive(values);
    const newestKnownMs = timeMs(text(values, 'not-older-than'));
    const location = await platform.storeLocation(environment);
    const seenEpoch = integer(values, 'above-epoch') ?? null;
    const options = { newestKnownMs, seenEpoch, report: reporter(invocation, 'restore') };
    const restored = await withOperator((operator) => operator.restore(location, archive, options));
    const { text: what, json } = described(restored, 'Restored');
    const next = `Start the proxy: it serves once its enclave has counted the restore. Tell your clients: what came after the backup is gone, and what was revoked since is back.`;
    return { text: `${what}\n${next}`, json };
  },
};

export const drill: Command = {
  name: 'drill',
  role: 'operator',
  summary: 'prove by an enclave that an archive and the KMS key lead to the keys of given addresses',
  description: `An enclave of the deployment opens the archive's own root record and rows, derives the addresses from the keys and signs for them. No key
leaves it, no database is read, and what it serves with is not touched.`,
  options: {
    ...ARCHIVE_OPTIONS,
    address: {
      type: 'text',
      placeholder: 'ADDRESS',
      isRepeatable: true,
      isRequired: true,
      summary: 'an account that has to be there, as the service writes it',
    },
  },
  examples: [
    'strongroom drill --in strongroom.age --identity backup.key --deployment HEX --address 0x... --address 0x...',
  ],
  json: '{ projects: [{ projectId, addresses, certificate (base64) }] }',

  async run(invocation) {
    const { values } = invocation;
    const archive = namedArchive(values);
    const addresses = list(values, 'address') ?? [];
    const drilled = await withOperator((operator) =>
      withDeployment(invocation, (deployment) => operator.drill(deployment, archive, addresses)),
    );
    return drilledResult(drilled);
  },
};

function drilledResult(drilled: readonly DrilledProject[]) {
  const projects = drilled.map(({ projectId, addresses, certificate }) => ({
    projectId: hex(projectId),
    addresses,
    certificate: Buffer.from(certificate).toString('base64'),
  }));
  const lines = projects.map(
    ({ projectId, addresses, certificate }) =>
      `project ${projectId}: ${addresses.join(', ')}\ncertificate: ${certificate}`,
  );
  return { text: ['The enclave derived every address.', ...lines].join('\n'), json: { projects } };
}

function described({ certificate, contentDigest, rows }: VerifiedArchive, done: string) {
  const { projects, accounts, securityEpoch, rootRecordVersion, certifiedAtMs } = certificate;
  const certifiedAt = new Date(certifiedAtMs).toISOString();
  return {
    text: `${done}: ${rows} rows, ${accounts} accounts of ${projects} projects, certified at ${certifiedAt} in security epoch ${securityEpoch}.`,
    json: {
      contentDigest: hex(contentDigest),
      certifiedAt,
      projects,
      accounts,
      rows,
      securityEpoch,
      rootRecordVersion,
    },
  };
}

type Operator = typeof import('@strongroom/parent-proxy/operator/backup');

/** Loads what only operators' commands need, and tells what an archive is refused for in its own words. @throws OperatorError */
async function withOperator<T>(act: (operator: Operator) => Promise<T>): Promise<T> {
  const operator = await import('@strongroom/parent-proxy/operator/backup');
  try {
    return await act(operator);
  } catch (error) {
    if (!(error instanceof operator.ArchiveError)) throw error;
    throw new OperatorError(error.code, error.message, error.code === 'ARCHIVE_NOT_CERTIFIED');
  }
}

/** @throws UsageError */
function namedArchive(values: Invocation['values']): NamedArchive {
  const deployment = required(values, 'deployment');
  if (!/^[0-9a-f]{64}$/i.test(deployment)) throw new UsageError('--deployment is 64 hex digits.');
  const identity = readSecretFile(required(values, 'identity'))
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identity === undefined) throw new UsageError('--identity names a file without an age identity.');
  const path = required(values, 'in');
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`);
  return { path, identity, deploymentId: Buffer.from(deployment, 'hex') };
}

/** @throws UsageError */
function timeMs(written: string | undefined): number | null {
  if (written === undefined) return null;
  const time = Date.parse(written);
  if (Number.isNaN(time)) throw new UsageError('--not-older-than is a time such as 2026-11-21T03:00:00Z.');
  return time;
}

function reporter({ progress }: Invocation, step: string) {
  const startedMs = performance.now();
  return ({ rows, totalRows }: { readonly rows: number; readonly totalRows: number }) =>
    progress({ step, done: rows, total: totalRows, elapsedMs: performance.now() - startedMs });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
