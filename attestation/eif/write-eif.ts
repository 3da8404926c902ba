import { Buffer } from 'node:buffer';
import { open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { bytesContent, type Content } from './cpio.ts';
import { assertEif } from './eif-error.ts';
import {
  type Architecture,
  CRC_OFFSET,
  encodeHeader,
  encodeSectionHeader,
  type SectionType,
} from './eif-header.ts';
import { EifMeasurement, type EifPcrs } from './measurement.ts';

/** What an enclave image is made of. */
export interface EifParts {
  readonly architecture: Architecture;
  readonly kernel: Content;
  /** Kernel command line, without a zero byte at the end. */
  readonly commandLine: string;
  /** The first is the bootstrap (PCR1), the others the application (PCR2); at least one. */
  readonly ramdisks: readonly Content[];
  /** Written as JSON, and not measured. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The metadata that nitro-cli expects to find, with nothing in it that would differ from build to build. */
export const DETERMINISTIC_METADATA = {
  ImageName: 'strongroom',
  ImageVersion: '0',
  BuildMetadata: {
    BuildTime: '1970-01-01T00:00:00Z',
    BuildTool: 'strongroom-attest',
    BuildToolVersion: '1',
    OperatingSystem: 'Linux',
    KernelVersion: 'unknown',
  },
  DockerInfo: {},
  CustomMetadata: null,
} as const;

/** What nitro-cli writes; the operator's command line decides. */
const DEFAULTS = { defaultMemoryBytes: 1 << 30, defaultCpus: 2 } as const;

/**
 * Writes an enclave image file of version 4, unsigned; the same parts give the same bytes. The file appears under its name
 * only when it is complete.
 * @returns its measurements
 * @throws EIF_INPUT, EIF_COMMAND_LINE, EIF_SECTION_COUNT, TREE_CHANGED
 */
export async function writeEif(path: string, parts: EifParts): Promise<EifPcrs> {
  const sections = sectionsOf(parts);
  const unfinished = `${path}.unfinished`;
  const file = await open(unfinished, 'w');
  try {
    const header = encodeHeader(
      { architecture: parts.architecture, ...DEFAULTS },
      sections.map(([, content]) => content.sizeBytes),
    );
    await file.write(header);
    const measurement = new EifMeasurement();
    let crc = crc32(header.subarray(0, CRC_OFFSET));
    const write = async (chunk: Uint8Array): Promise<void> => {
      crc = crc32(chunk, crc);
      await file.appendFile(chunk);
    };
    for (const [index, [type, content]] of sections.entries()) {
      await write(encodeSectionHeader(type, content.sizeBytes));
      for await (const chunk of content.chunks()) {
        if (type === 'ramdisk') measurement.addRamdisk(index - FIRST_RAMDISK, chunk);
        else if (type !== 'metadata') measurement.addBoot(chunk);
        await write(chunk);
      }
    }
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc);
    await file.write(checksum, 0, checksum.length, CRC_OFFSET);
    await file.sync();
    await file.close();
    await rename(unfinished, path);
    return measurement.finish(null);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}

const FIRST_RAMDISK = 3;

function sectionsOf({
  kernel,
  commandLine,
  ramdisks,
  metadata,
}: EifParts): readonly (readonly [SectionType, Content])[] {
  assertEif(!commandLine.includes('\0'), 'EIF_COMMAND_LINE');
  assertEif(kernel.sizeBytes > 0, 'EIF_INPUT', 'kernel');
  assertEif(ramdisks.length > 0 && ramdisks.every(({ sizeBytes }) => sizeBytes > 0), 'EIF_INPUT', 'ramdisk');
  return [
    ['kernel', kernel],
    ['cmdline', bytesContent(Buffer.from(commandLine))],
    ['metadata', bytesContent(Buffer.from(JSON.stringify(metadata)))],
    ...ramdisks.map((ramdisk) => ['ramdisk', ramdisk] as const),
  ];
}
