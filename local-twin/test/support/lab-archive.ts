// Archives of a laboratory's deployment: written as the service does, then made over by a parent who has its enclave sign again.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certifyBackup } from '@strongroom/shared/operations/certify-backup';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { type ArchiveHeader, encodeFrame } from '../../../parent-proxy/src/backup/archive-format.ts';
import { type ArchiveSource, readArchive } from '../../../parent-proxy/src/backup/read-backup.ts';
import { writeBackup } from '../../../parent-proxy/src/backup/write-backup.ts';
import { Secret } from '../../../parent-proxy/src/secrets.ts';
import { closeEngines, openEngines, openStore } from '../../../parent-proxy/src/store/open-store.ts';
import { newAccount, newProject } from '../../../parent-proxy/test/store/store-fixtures.ts';
import type { LabAccount, LabProject } from '../../src/hostile/lab-project.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';

type Value = number | string | Uint8Array | null;
/** An archive taken apart. */
export interface ArchiveRows {
  header: ArchiveHeader;
  readonly rows: Map<string, Value[][]>;
}

export interface LabArchives extends Disposable {
  readonly directory: string;
  /** What a backup of these rows is. */
  write(owned: readonly { project: LabProject; accounts: readonly LabAccount[] }[]): Promise<ArchiveSource>;
  /** Another file of changed rows, for the same recipient, that the enclave signed for with these counts or the true ones. */
  remake(
    source: ArchiveSource,
    change: (archive: ArchiveRows) => void,
    counts?: { readonly projects: number; readonly accounts: number },
  ): Promise<ArchiveSource>;
  take(source: ArchiveSource): Promise<ArchiveRows>;
}

export async function openLabArchives(enclave: LabEnclave, rootRecord: Uint8Array): Promise<LabArchives> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-archives-'));
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const named = (path: string): ArchiveSource => ({ path, identity: new Secret(identity) });
  const newPath = () => join(directory, `${randomBytes(6).toString('hex')}.age`);

  const archives: LabArchives = {
    directory,
    async write(owned) {
      const location = { engine: 'sqlite', directory: mkdtempSync(join(directory, 'store-')) } as const;
      const store = await openStore(location);
      await store.insertRootRecordIfAbsent(rootRecord);
      for (const { project, accounts } of owned) {
        const { rows, certificate } = project;
        await store.addProject({ ...newProject(), rows, certificate });
        for (const { address, certificate: own, rows: sealed } of accounts) {
          const known = { address, certificate: own, record: sealed.account, walletKey: sealed.walletKey };
          await store.addAccount(newAccount(rows.projectId, known), null);
        }
      }
      await store.close();
      const engines = openEngines(location);
      const path = newPath();
      const { call } = enclave;
      const options = { engines, call, recipients: [recipient], path, nowMs: Date.now };
      await writeBackup({ ...options, report: () => undefined });
      await closeEngines(engines);
      return named(path);
    },
    take: takeApart,
    async remake(source, change, counts) {
      const archive = await takeApart(source);
      change(archive);
      const { header, rows } = archive;
      const own = header.tables.map(({ table }) => rows.get(table) ?? []);
      const batches = own.map((of, table) => ({ table, rows: of })).filter((batch) => batch.rows.length > 0);
      const content = Buffer.concat([encodeFrame(header), ...batches.map((batch) => encodeFrame(batch))]);
      const contentDigest = createHash('sha256').update(content).digest();
      const countOf = (table: string) => rows.get(table)?.length ?? 0;
      const told = counts ?? { projects: countOf('project'), accounts: countOf('account') };
      const { certificate } = await enclave.call(certifyBackup, { contentDigest, ...told });
      const trailer = encodeFrame({ rows: own.map((of) => of.length), certificate });
      const path = newPath();
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      writeFileSync(path, await encrypter.encrypt(Buffer.concat([content, trailer])));
      return named(path);
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
  return archives;
}

async function takeApart(source: ArchiveSource): Promise<ArchiveRows> {
  const rows = new Map<string, Value[][]>();
  let header: ArchiveHeader | null = null;
  for await (const part of readArchive(source)) {
    if (part.kind === 'header') header = part.header;
    if (part.kind !== 'batch') continue;
    const { table } = part.table;
    rows.set(table, [...(rows.get(table) ?? []), ...part.rows]);
  }
  if (header === null) throw new Error(`no header in ${readFileSync(source.path).length} bytes`);
  return { header, rows };
}

/** The place of a column in the rows of a table. */
export function columnOf({ header }: ArchiveRows, table: string, column: string): number {
  const at = header.tables.find((known) => known.table === table)?.columns.indexOf(column) ?? -1;
  if (at < 0) throw new Error(`no ${table}.${column}`);
  return at;
}
