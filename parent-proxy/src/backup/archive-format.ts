// TRUST BOUNDARY: the frames of a decrypted archive, from whoever could encrypt to its recipient.
import { createHash, type Hash } from 'node:crypto';
import { bytesOf, bytesUpTo, textUpTo, uint } from '@strongroom/shared/operations/fields';
import { type CborValue, decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import * as v from 'valibot';
import { ArchiveError } from './archive-error.ts';

/**
 * An archive in the clear: frames of length(4, big-endian) || one strict CBOR item. First a header, then batches of rows in the order of the
 * header's tables, then a trailer. All of it is inside age's encryption (age-encryption.org/v1). The content digest is SHA-256 over all
 * frames before the trailer, with their lengths.
 */
export const ARCHIVE_TYPE = 'strongroom/backup/v1';
/** More than any row of the store has, so that whatever is written can be read. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const LENGTH_BYTES = 4;

const name = v.pipe(textUpTo(63), v.regex(/^[a-z][a-z0-9_]*$/));
const headerSchema = v.strictObject({
  type: v.literal(ARCHIVE_TYPE),
  storeId: bytesOf(16),
  primarySchema: uint,
  vaultSchema: uint,
  startedAtMs: uint,
  tables: v.pipe(
    v.array(
      v.strictObject({
        database: v.picklist(['primary', 'vault']),
        table: name,
        columns: v.pipe(v.array(name), v.minLength(1), v.maxLength(64)),
      }),
    ),
    v.maxLength(64),
  ),
});
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);
/** Whatever a column can have, empty too: nothing of a row may be written that is refused when it is read. */
const value = v.union([uint, v.string(), bytes, v.null()]);
const batchSchema = v.strictObject({ table: uint, rows: v.array(v.array(value)) });
const trailerSchema = v.strictObject({ rows: v.array(uint), certificate: bytesUpTo(8192) });

export type ArchiveHeader = v.InferOutput<typeof headerSchema>;
export type ArchiveBatch = v.InferOutput<typeof batchSchema>;
export type ArchiveTrailer = v.InferOutput<typeof trailerSchema>;
export type ArchivedTable = ArchiveHeader['tables'][number];

/** @throws ArchiveError BACKUP_ROW_TOO_LARGE; WireError for a value that is not of the strict profile */
export function encodeFrame(item: ArchiveHeader | ArchiveBatch | ArchiveTrailer): Uint8Array {
  const body = encodeCbor(item as CborValue);
  if (LENGTH_BYTES + body.length > MAX_FRAME_BYTES) throw new ArchiveError('BACKUP_ROW_TOO_LARGE');
  const frame = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, LENGTH_BYTES);
  return frame;
}

/** What an archive holds, in its order. */
export type ArchivePart =
  | { readonly kind: 'header'; readonly header: ArchiveHeader }
  | { readonly kind: 'batch'; readonly table: ArchivedTable; readonly rows: ArchiveBatch['rows'] }
  | { readonly kind: 'trailer'; readonly trailer: ArchiveTrailer; readonly contentDigest: Uint8Array };

/**
 * Reads the frames of an archive; the last part is the trailer.
 * @throws ArchiveError ARCHIVE_MALFORMED, ARCHIVE_NEWER
 */
export async function* readParts(plaintext: AsyncIterable<Uint8Array>): AsyncGenerator<ArchivePart> {
  const digest = createHash('sha256');
  let header: ArchiveHeader | null = null;
  let last: Uint8Array | null = null;
  const counts: number[] = [];
  for await (const frame of frames(plaintext)) {
    if (last !== null) {
      digest.update(last);
      const part: ArchivePart = header === null ? openHeader(last) : openBatch(last, header, counts);
      if (part.kind === 'header') header = part.header;
      yield part;
    }
    last = frame;
  }
  if (header === null || last === null) throw new ArchiveError('ARCHIVE_MALFORMED');
  yield openTrailer(last, { header, counts, digest });
}

function openHeader(frame: Uint8Array): ArchivePart {
  const value = decoded(frame);
  const parsed = v.safeParse(headerSchema, value);
  if (parsed.success) return { kind: 'header', header: parsed.output };
  const type = value !== null && typeof value === 'object' && 'type' in value ? value['type'] : null;
  const isOfStrongroom = typeof type === 'string' && type.startsWith('strongroom/backup/');
  throw new ArchiveError(isOfStrongroom && type !== ARCHIVE_TYPE ? 'ARCHIVE_NEWER' : 'ARCHIVE_MALFORMED');
}

function openBatch(frame: Uint8Array, header: ArchiveHeader, counts: number[]): ArchivePart {
  const { table: index, rows } = parsedAs(batchSchema, frame);
  const table = header.tables[index];
  const isInOrder = index >= counts.length - 1;
  if (table === undefined || !isInOrder || rows.some((row) => row.length !== table.columns.length)) {
    throw new ArchiveError('ARCHIVE_MALFORMED');
  }
  while (counts.length <= index) counts.push(0);
  counts[index] = (counts[index] as number) + rows.length;
  return { kind: 'batch', table, rows };
}

function openTrailer(
  frame: Uint8Array,
  { header, counts, digest }: { header: ArchiveHeader; counts: readonly number[]; digest: Hash },
): ArchivePart {
  const trailer = parsedAs(trailerSchema, frame);
  const isComplete = header.tables.every((_, index) => trailer.rows[index] === (counts[index] ?? 0));
  if (!isComplete || trailer.rows.length !== header.tables.length)
    throw new ArchiveError('ARCHIVE_MALFORMED');
  return { kind: 'trailer', trailer, contentDigest: digest.digest() };
}

function parsedAs<Schema extends v.GenericSchema>(schema: Schema, frame: Uint8Array): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, decoded(frame));
  if (!parsed.success) throw new ArchiveError('ARCHIVE_MALFORMED');
  return parsed.output;
}

function decoded(frame: Uint8Array): CborValue {
  try {
    return decodeCbor(frame.subarray(LENGTH_BYTES));
  } catch (cause) {
    throw new ArchiveError('ARCHIVE_MALFORMED', { cause });
  }
}

/** Cuts a stream into frames, each with its length. */
async function* frames(plaintext: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffered = Buffer.alloc(0);
  for await (const chunk of plaintext) {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const length = buffered.length < LENGTH_BYTES ? 0 : LENGTH_BYTES + buffered.readUInt32BE();
      if (length > MAX_FRAME_BYTES) throw new ArchiveError('ARCHIVE_MALFORMED');
      if (length === 0 || buffered.length < length) break;
      yield Uint8Array.from(buffered.subarray(0, length));
      buffered = buffered.subarray(length);
    }
  }
  if (buffered.length > 0) throw new ArchiveError('ARCHIVE_MALFORMED');
}
