// TRUST BOUNDARY: headers of enclave image files from anyone.
import { Buffer } from 'node:buffer';
import { assertEif } from './eif-error.ts';

export const HEADER_BYTES = 548;
export const SECTION_HEADER_BYTES = 12;
export const CRC_OFFSET = HEADER_BYTES - 4;
export const MAX_SECTIONS = 32;

const MAGIC = Buffer.from('.eif', 'latin1');
const VERSION = 4;
const ARM64_FLAG = 1;
const FIELD = {
  version: 4,
  flags: 6,
  memory: 8,
  cpus: 16,
  reserved: 24,
  count: 26,
  offsets: 28,
  sizes: 284,
  unused: 540,
} as const;

export type Architecture = 'x86_64' | 'arm64';
export type SectionType = 'kernel' | 'cmdline' | 'ramdisk' | 'signature' | 'metadata';

const SECTION_TYPES: readonly (SectionType | null)[] = [
  null,
  'kernel',
  'cmdline',
  'ramdisk',
  'signature',
  'metadata',
];

export interface SectionPlace {
  /** Of the section's own header, from the start of the file. */
  readonly offset: number;
  /** Of its content. */
  readonly sizeBytes: number;
}

export interface EifHeader {
  readonly architecture: Architecture;
  readonly defaultMemoryBytes: number;
  readonly defaultCpus: number;
  readonly sections: readonly SectionPlace[];
  readonly crc32: number;
}

/**
 * Decodes the header of 548 bytes, big-endian (aws-nitro-enclaves-image-format, src/defs/mod.rs): magic 4, version u16,
 * flags u16, memory u64, CPUs u64, reserved u16, section count u16, 32 offsets u64, 32 sizes u64, unused u32, CRC-32 u32.
 * @throws EIF_TRUNCATED, EIF_MAGIC, EIF_VERSION, EIF_FLAGS, EIF_RESERVED, EIF_SECTION_COUNT, EIF_SECTION_OFFSET,
 *   EIF_SECTION_SIZE
 */
export function decodeHeader(untrusted: Buffer): EifHeader {
  assertEif(untrusted.length === HEADER_BYTES, 'EIF_TRUNCATED');
  assertEif(untrusted.subarray(0, MAGIC.length).equals(MAGIC), 'EIF_MAGIC');
  assertEif(untrusted.readUInt16BE(FIELD.version) === VERSION, 'EIF_VERSION');
  const flags = untrusted.readUInt16BE(FIELD.flags);
  assertEif((flags & ~ARM64_FLAG) === 0, 'EIF_FLAGS');
  const isReservedZero =
    untrusted.readUInt16BE(FIELD.reserved) === 0 && untrusted.readUInt32BE(FIELD.unused) === 0;
  assertEif(isReservedZero, 'EIF_RESERVED');
  const count = untrusted.readUInt16BE(FIELD.count);
  assertEif(count >= 1 && count <= MAX_SECTIONS, 'EIF_SECTION_COUNT');
  return {
    architecture: flags & ARM64_FLAG ? 'arm64' : 'x86_64',
    defaultMemoryBytes: readSize(untrusted, FIELD.memory),
    defaultCpus: readSize(untrusted, FIELD.cpus),
    sections: decodePlaces(untrusted, count),
    crc32: untrusted.readUInt32BE(CRC_OFFSET),
  };
}

function decodePlaces(header: Buffer, count: number): readonly SectionPlace[] {
  const places: SectionPlace[] = [];
  let end = HEADER_BYTES;
  for (let index = 0; index < MAX_SECTIONS; index += 1) {
    const offset = readSize(header, FIELD.offsets + 8 * index);
    const sizeBytes = readSize(header, FIELD.sizes + 8 * index);
    if (index >= count) {
      assertEif(offset === 0 && sizeBytes === 0, 'EIF_RESERVED');
      continue;
    }
    assertEif(offset === end, 'EIF_SECTION_OFFSET', `section ${index}`);
    end = offset + SECTION_HEADER_BYTES + sizeBytes;
    assertEif(Number.isSafeInteger(end), 'EIF_SECTION_SIZE', `section ${index}`);
    places.push({ offset, sizeBytes });
  }
  return places;
}

function readSize(bytes: Buffer, offset: number): number {
  const value = bytes.readBigUInt64BE(offset);
  assertEif(value <= BigInt(Number.MAX_SAFE_INTEGER), 'EIF_SECTION_SIZE');
  return Number(value);
}

/** Decodes a section's header: type u16, flags u16, size u64. @throws EIF_SECTION_TYPE, EIF_SECTION_FLAGS, EIF_SECTION_SIZE */
export function decodeSectionHeader(
  untrusted: Buffer,
  { sizeBytes }: SectionPlace,
  where: string,
): SectionType {
  const type = SECTION_TYPES[untrusted.readUInt16BE(0)] ?? null;
  assertEif(type !== null, 'EIF_SECTION_TYPE', where);
  assertEif(untrusted.readUInt16BE(2) === 0, 'EIF_SECTION_FLAGS', where);
  assertEif(readSize(untrusted, 4) === sizeBytes, 'EIF_SECTION_SIZE', where);
  return type;
}

/** Encodes the header of a file whose sections have these sizes, with a checksum of 0 for the writer to fill in. */
export function encodeHeader(
  header: Omit<EifHeader, 'sections' | 'crc32'>,
  sizes: readonly number[],
): Buffer {
  assertEif(sizes.length <= MAX_SECTIONS, 'EIF_SECTION_COUNT');
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(VERSION, FIELD.version);
  bytes.writeUInt16BE(header.architecture === 'arm64' ? ARM64_FLAG : 0, FIELD.flags);
  bytes.writeBigUInt64BE(BigInt(header.defaultMemoryBytes), FIELD.memory);
  bytes.writeBigUInt64BE(BigInt(header.defaultCpus), FIELD.cpus);
  bytes.writeUInt16BE(sizes.length, FIELD.count);
  let offset = HEADER_BYTES;
  for (const [index, size] of sizes.entries()) {
    bytes.writeBigUInt64BE(BigInt(offset), FIELD.offsets + 8 * index);
    bytes.writeBigUInt64BE(BigInt(size), FIELD.sizes + 8 * index);
    offset += SECTION_HEADER_BYTES + size;
  }
  return bytes;
}

export function encodeSectionHeader(type: SectionType, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(SECTION_HEADER_BYTES);
  bytes.writeUInt16BE(SECTION_TYPES.indexOf(type), 0);
  bytes.writeBigUInt64BE(BigInt(sizeBytes), 4);
  return bytes;
}
