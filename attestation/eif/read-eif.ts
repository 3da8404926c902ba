// TRUST BOUNDARY: enclave image files from anyone.
import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { assertEif, EifError } from './eif-error.ts';
import {
  CRC_OFFSET,
  decodeHeader,
  decodeSectionHeader,
  type EifHeader,
  HEADER_BYTES,
  SECTION_HEADER_BYTES,
  type SectionPlace,
  type SectionType,
} from './eif-header.ts';
import { type EifSignature, verifySignatureSection } from './eif-signature.ts';
import { EifMeasurement, type EifPcrs } from './measurement.ts';

export interface EifSection extends SectionPlace {
  readonly type: SectionType;
}

/** An enclave image file that is well-formed; of what is here only the command line is measured. */
export interface EifDescription extends Omit<EifHeader, 'sections'> {
  readonly sizeBytes: number;
  readonly sections: readonly EifSection[];
  readonly commandLine: string;
  /** Anybody can write anything here without changing a measurement. */
  readonly unattestedMetadata: Readonly<Record<string, unknown>> | null;
  readonly signature: EifSignature | null;
  readonly pcrs: EifPcrs;
}

const CHUNK_BYTES = 1 << 20;
const MAX_COMMAND_LINE_BYTES = 65536;
const MAX_KEPT_BYTES = 1 << 20;
const ORDER: readonly SectionType[] = ['kernel', 'cmdline', 'metadata', 'ramdisk', 'signature'];

/**
 * Reads an enclave image file of version 4 from start to end, checks it and measures it, one MiB at a time.
 * @throws EifError
 */
export async function readEif(path: string): Promise<EifDescription> {
  return withFile(path, async (file) => {
    const status = await file.stat();
    assertEif(status.isFile(), 'EIF_UNREADABLE');
    const { size } = status;
    const headerBytes = Buffer.alloc(Math.min(HEADER_BYTES, size));
    await readExactly(file, headerBytes, 0);
    const header = decodeHeader(headerBytes);
    const last = header.sections.at(-1) ?? { offset: 0, sizeBytes: 0 };
    const end = last.offset + SECTION_HEADER_BYTES + last.sizeBytes;
    assertEif(end <= size, 'EIF_TRUNCATED');
    assertEif(end === size, 'EIF_TRAILING_BYTES');
    const reading = new Reading(headerBytes);
    for (const [index, place] of header.sections.entries())
      await reading.section(file, place, `section ${index}`);
    return reading.finish(header, size);
  });
}

/** Opens a file for reading, closes it again, and gives failures of the file system a code. @throws EIF_UNREADABLE */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch {
    throw new EifError('EIF_UNREADABLE');
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, target: Buffer, position: number): Promise<void> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    assertEif(bytesRead > 0, 'EIF_TRUNCATED');
    filled += bytesRead;
  }
}

/** Contents of a section, in chunks that share one buffer. @throws EIF_TRUNCATED */
export async function* sectionChunks(
  file: FileHandle,
  { offset, sizeBytes }: SectionPlace,
): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes));
  for (let done = 0; done < sizeBytes; done += buffer.length) {
    const chunk = buffer.subarray(0, Math.min(buffer.length, sizeBytes - done));
    await readExactly(file, chunk, offset + SECTION_HEADER_BYTES + done);
    yield chunk;
  }
}

/** What has been read of one file. */
class Reading {
  readonly #measurement = new EifMeasurement();
  readonly #sections: EifSection[] = [];
  /** Small sections, whole. */
  readonly #kept = new Map<SectionType, Buffer>();
  #crc: number;

  constructor(headerBytes: Buffer) {
    this.#crc = crc32(headerBytes.subarray(0, CRC_OFFSET));
  }

  async section(file: FileHandle, place: SectionPlace, where: string): Promise<void> {
    const header = Buffer.alloc(SECTION_HEADER_BYTES);
    await readExactly(file, header, place.offset);
    const type = decodeSectionHeader(header, place, where);
    this.#assertPlace(type, where);
    this.#crc = crc32(header, this.#crc);
    const isKept = type === 'cmdline' || type === 'metadata' || type === 'signature';
    assertEif(!isKept || place.sizeBytes <= MAX_KEPT_BYTES, 'EIF_SECTION_SIZE', where);
    assertEif(type === 'cmdline' || place.sizeBytes > 0, 'EIF_SECTION_SIZE', where);
    const ramdisk = this.#sections.filter((section) => section.type === 'ramdisk').length;
    const kept: Buffer[] = [];
    for await (const chunk of sectionChunks(file, place)) {
      this.#crc = crc32(chunk, this.#crc);
      if (type === 'ramdisk') this.#measurement.addRamdisk(ramdisk, chunk);
      else if (type === 'kernel' || type === 'cmdline') this.#measurement.addBoot(chunk);
      if (isKept) kept.push(Buffer.from(chunk));
    }
    if (isKept) this.#kept.set(type, Buffer.concat(kept));
    this.#sections.push({ type, ...place });
  }

  #assertPlace(type: SectionType, where: string): void {
    const isRepeated = this.#sections.some((section) => section.type === type);
    assertEif(type === 'ramdisk' || !isRepeated, 'EIF_SECTION_DUPLICATE', where);
    const previous = this.#sections.at(-1)?.type;
    assertEif(
      previous === undefined || ORDER.indexOf(type) >= ORDER.indexOf(previous),
      'EIF_SECTION_ORDER',
      where,
    );
  }

  finish(header: EifHeader, sizeBytes: number): EifDescription {
    for (const type of ['kernel', 'cmdline', 'ramdisk'])
      assertEif(
        this.#sections.some((section) => section.type === type),
        'EIF_SECTION_MISSING',
        type,
      );
    assertEif(this.#crc === header.crc32, 'EIF_CRC');
    const signatureSection = this.#kept.get('signature');
    const signature = signatureSection
      ? verifySignatureSection(signatureSection, this.#measurement.pcr0())
      : null;
    const metadata = this.#kept.get('metadata');
    return {
      ...header,
      sizeBytes,
      sections: this.#sections,
      commandLine: decodeCommandLine(this.#kept.get('cmdline') ?? Buffer.alloc(0)),
      unattestedMetadata: metadata ? decodeMetadata(metadata) : null,
      signature,
      pcrs: this.#measurement.finish(signature?.certificateDer ?? null),
    };
  }
}

function decodeCommandLine(bytes: Buffer): string {
  assertEif(bytes.length <= MAX_COMMAND_LINE_BYTES && !bytes.includes(0), 'EIF_COMMAND_LINE');
  return decodeText(bytes, 'EIF_COMMAND_LINE');
}

function decodeMetadata(bytes: Buffer): Readonly<Record<string, unknown>> {
  let metadata: unknown;
  try {
    metadata = JSON.parse(decodeText(bytes, 'EIF_METADATA'));
  } catch {
    throw new EifError('EIF_METADATA');
  }
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  assertEif(isObject, 'EIF_METADATA');
  return metadata as Record<string, unknown>;
}

function decodeText(bytes: Buffer, code: 'EIF_COMMAND_LINE' | 'EIF_METADATA'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new EifError(code);
  }
}
