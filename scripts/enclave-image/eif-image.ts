import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 548;
const SECTION_HEADER_BYTES = 12;
const MAX_SECTIONS = 32;
const VERSION = 4;
const SECTION = { kernel: 1, commandLine: 2, ramdisk: 3, metadata: 5 } as const;

/** The measured parts of an enclave image. */
export interface EifParts {
  readonly kernel: Uint8Array;
  readonly commandLine: string;
  /** The first is the bootstrap (PCR1), the others the application (PCR2). */
  readonly ramdisks: readonly Uint8Array[];
}

export interface EifDefaults {
  readonly memoryBytes: number;
  readonly processors: number;
}

/**
 * Writes an enclave image file, version 4 (aws-nitro-enclaves-image-format): header of 548 bytes, then kernel, command line, metadata
 * and ramdisks, each behind a header of 12 bytes. The metadata is fixed, so the same parts give the same bytes.
 */
export function writeEif({ kernel, commandLine, ramdisks }: EifParts, defaults: EifDefaults): Buffer {
  const sections: [type: number, content: Uint8Array][] = [
    [SECTION.kernel, kernel],
    [SECTION.commandLine, Buffer.from(commandLine)],
    [SECTION.metadata, Buffer.from(JSON.stringify(METADATA))],
    ...ramdisks.map((ramdisk): [number, Uint8Array] => [SECTION.ramdisk, ramdisk]),
  ];
  if (sections.length > MAX_SECTIONS)
    throw new Error(`an enclave image has at most ${MAX_SECTIONS} sections`);
  const header = fileHeader(sections, defaults);
  const body = sections.flatMap(([type, content]) => [sectionHeader(type, content.length), content]);
  let checksum = crc32(header.subarray(0, HEADER_BYTES - 4));
  for (const part of body) checksum = crc32(part, checksum);
  header.writeUInt32BE(checksum, HEADER_BYTES - 4);
  return Buffer.concat([header, ...body]);
}

const METADATA = {
  ImageName: 'strongroom',
  ImageVersion: '1',
  BuildMetadata: {
    BuildTime: '1970-01-01T00:00:00Z',
    BuildTool: 'strongroom',
    BuildToolVersion: '1',
    OperatingSystem: 'Linux',
    KernelVersion: 'emulation',
  },
  DockerInfo: {},
};

function fileHeader(
  sections: readonly (readonly [number, Uint8Array])[],
  { memoryBytes, processors }: EifDefaults,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('.eif', 0, 'latin1');
  header.writeUInt16BE(VERSION, 4);
  header.writeBigUInt64BE(BigInt(memoryBytes), 8);
  header.writeBigUInt64BE(BigInt(processors), 16);
  header.writeUInt16BE(sections.length, 26);
  let offset = HEADER_BYTES;
  for (const [n, [, content]] of sections.entries()) {
    header.writeBigUInt64BE(BigInt(offset), 28 + 8 * n);
    header.writeBigUInt64BE(BigInt(content.length), 28 + 8 * (MAX_SECTIONS + n));
    offset += SECTION_HEADER_BYTES + content.length;
  }
  return header;
}

function sectionHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(SECTION_HEADER_BYTES);
  header.writeUInt16BE(type, 0);
  header.writeBigUInt64BE(BigInt(length), 4);
  return header;
}

/** Measurements of an image, lowercase hex of 48 bytes each. */
export interface Pcrs {
  readonly pcr0: string;
  readonly pcr1: string;
  readonly pcr2: string;
}

/** Measures the parts as the hypervisor does: a PCR is SHA-384(48 zero bytes || SHA-384(its parts, one after the other)). */
export function measureParts({ kernel, commandLine, ramdisks }: EifParts): Pcrs {
  const boot = [kernel, Buffer.from(commandLine)];
  return {
    pcr0: extendZero([...boot, ...ramdisks]),
    pcr1: extendZero([...boot, ...ramdisks.slice(0, 1)]),
    pcr2: extendZero(ramdisks.slice(1)),
  };
}

function extendZero(parts: readonly Uint8Array[]): string {
  const measured = createHash('sha384');
  for (const part of parts) measured.update(part);
  return createHash('sha384').update(Buffer.alloc(48)).update(measured.digest()).digest('hex');
}
