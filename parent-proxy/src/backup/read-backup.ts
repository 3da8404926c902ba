// TRUST BOUNDARY: an archive, from wherever it was kept.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { type BackupCertificate, verifyBackupCertificate } from '@strongroom/attestation/backup-certificate';
import { bytesOf } from '@strongroom/shared/operations/fields';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { Decrypter } from 'age-encryption';
import * as v from 'valibot';
import type { Secret } from '../secrets.ts';
import { ArchiveError } from './archive-error.ts';
import { type ArchiveHeader, type ArchivePart, readParts } from './archive-format.ts';

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
  let rootRecord: Uint8Array | null = null;
  let rows = 0;
  for await (const part of readArchive(source)) {
    if (part.kind === 'header') header = part.header;
    else if (part.kind === 'batch') {
      rows += part.rows.length;
      if (part.table.table !== 'root_record') continue;
      const [value] = rowValues(part.table.columns, part.rows, 'record');
      if (value instanceof Uint8Array) rootRecord = value;
    } else {
      const { trailer, contentDigest } = part;
      if (header === null || rootRecord === null) break;
      const certificate = await certificateOf(trailer.certificate, {
        rootRecord,
        deploymentId,
        contentDigest,
      });
      return { header, certificate, certificateBytes: trailer.certificate, contentDigest, rootRecord, rows };
    }
  }
  throw new ArchiveError('ARCHIVE_MALFORMED');
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

async function* decrypted(path: string, identity: Secret): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  // So that a missing file is told as what it is.
  await new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve());
    file.once('error', reject);
  });
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
