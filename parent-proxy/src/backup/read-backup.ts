// TRUST BOUNDARY: an archive, from wherever it was kept.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type BackupCertificate, verifyBackupCertificate } from '@strongroom/attestation/backup-certificate';
import { bytesOf } from '@strongroom/shared/operations/fields';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { Decrypter } from 'age-encryption';
import * as v from 'valibot';
import type { Secret } from '../secrets.ts';
import { ArchiveError } from './archive-error.ts';
import { type ArchiveHeader, type ArchivePart, readParts } from './archive-format.ts';
import { areArchivable } from './archived-tables.ts';

export interface ArchiveSource {
  readonly path: string;
  /** age secret key, `AGE-SECRET-KEY-1...`. */
  readonly identity: Secret;
}

/** An archive that was read to its end. */
export interface VerifiedArchive {
  readonly header: ArchiveHeader;
  readonly certificate: BackupCertificate;
  /** The certificate as it was signed. */
  readonly certificateBytes: Uint8Array;
  readonly contentDigest: Uint8Array;
  readonly rootRecord: Uint8Array;
  readonly rows: number;
}

/**
 * Decrypts an archive and yields what is in it. What was yielded is authentic for age, which whoever has a recipient's public key can make;
 * only the trailer's certificate says that it is a backup of the deployment.
 * @throws ArchiveError ARCHIVE_UNREADABLE, ARCHIVE_MALFORMED, ARCHIVE_NEWER
 */
export async function* readArchive({ path, identity }: ArchiveSource): AsyncGenerator<ArchivePart> {
  yield* readParts(decrypted(path, identity));
}

/**
 * Reads a whole archive, writes nothing, and requires that an enclave of this deployment signed for exactly this content.
 * @param deploymentId 32 bytes, known from elsewhere than the archive
 * @throws ArchiveError ARCHIVE_UNREADABLE, ARCHIVE_MALFORMED, ARCHIVE_NEWER, ARCHIVE_NOT_CERTIFIED
 */
export async function verifyArchive(
  source: ArchiveSource,
  deploymentId: Uint8Array,
): Promise<VerifiedArchive> {
  let header: ArchiveHeader | null = null;
  const rootRecords: unknown[] = [];
  const counts = new Map<string, number>();
  for await (const part of readArchive(source)) {
    if (part.kind === 'header') {
      header = part.header;
      if (!areArchivable(header.tables)) break;
    } else if (part.kind === 'batch') {
      const { table, columns } = part.table;
      counts.set(table, (counts.get(table) ?? 0) + part.rows.length);
      if (table === 'root_record') rootRecords.push(...rowValues(columns, part.rows, 'record'));
    } else {
      const [rootRecord] = rootRecords;
      if (header === null || rootRecords.length !== 1 || !(rootRecord instanceof Uint8Array)) break;
      const { contentDigest } = part;
      const certificateBytes = part.trailer.certificate;
      const certificate = await certificateOf(certificateBytes, { rootRecord, deploymentId, contentDigest });
      assertCounts(certificate, counts);
      const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
      return { header, certificate, certificateBytes, contentDigest, rootRecord, rows };
    }
  }
  throw new ArchiveError('ARCHIVE_MALFORMED');
}

/** The enclave has not counted; the one who had it sign has to have told it what is there. */
function assertCounts(certificate: BackupCertificate, counts: ReadonlyMap<string, number>): void {
  const isSo =
    certificate.projects === (counts.get('project') ?? 0) &&
    certificate.accounts === (counts.get('account') ?? 0);
  if (!isSo) throw new ArchiveError('ARCHIVE_NOT_CERTIFIED');
}

/** The values of one column. */
export function rowValues(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  column: string,
): readonly unknown[] {
  const index = columns.indexOf(column);
  return rows.map((row) => row[index]);
}

const recordSchema = v.object({ body: v.object({ identityKey: bytesOf(32) }) });

/** The raw Ed25519 key that a root record names, 32 bytes. @throws an error of any kind when it is none */
export function identityKeyOf(rootRecord: Uint8Array): Uint8Array {
  return v.parse(recordSchema, decodeCbor(rootRecord)).body.identityKey;
}

/** The key comes from the archive itself, and counts because the deployment's id is its digest. */
async function certificateOf(
  untrusted: Uint8Array,
  expected: { rootRecord: Uint8Array; deploymentId: Uint8Array; contentDigest: Uint8Array },
): Promise<BackupCertificate> {
  try {
    const identityKey = identityKeyOf(expected.rootRecord);
    const certificate = await verifyBackupCertificate(untrusted, identityKey, expected.contentDigest);
    if (Buffer.compare(certificate.deploymentId, expected.deploymentId) === 0) return certificate;
  } catch (cause) {
    throw new ArchiveError('ARCHIVE_NOT_CERTIFIED', { cause });
  }
  throw new ArchiveError('ARCHIVE_NOT_CERTIFIED');
}

/** The end of age's header: its MAC (age-encryption.org/v1, "Header"). */
const HEADER_END = /\n--- [A-Za-z0-9+/]{43}\n/;
/** A recipient takes about 100 bytes of it. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * age's reader gathers a header until it ends, so that it ends has to be known before.
 * @throws ArchiveError ARCHIVE_ABSENT, ARCHIVE_UNREADABLE; errors of the file system
 */
async function assertShortHeader(path: string): Promise<void> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? new ArchiveError('ARCHIVE_ABSENT', { cause }) : cause;
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    const start = buffer.toString('latin1', 0, bytesRead);
    if (!HEADER_END.test(start)) throw new ArchiveError('ARCHIVE_UNREADABLE');
  } finally {
    await file.close();
  }
}

async function* decrypted(path: string, identity: Secret): AsyncGenerator<Uint8Array> {
  await assertShortHeader(path);
  const file = createReadStream(path);
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity.reveal());
    const encrypted = Readable.toWeb(file) as unknown as ReadableStream<Uint8Array>;
    const plaintext = await decrypter.decrypt(encrypted);
    const reader = plaintext.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (cause instanceof ArchiveError) throw cause;
    throw new ArchiveError('ARCHIVE_UNREADABLE', { cause });
  } finally {
    file.destroy();
  }
}
