import { Buffer } from 'node:buffer';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { type Content, cpioOfTree, fileContent } from '../eif/cpio.ts';
import { EifError } from '../eif/eif-error.ts';
import type { EifPcrs } from '../eif/measurement.ts';
import { type EifDescription, readEif, sectionChunks, withFile } from '../eif/read-eif.ts';
import { DETERMINISTIC_METADATA, writeEif } from '../eif/write-eif.ts';
import { UsageError } from './usage.ts';
import type { Outcome } from './verify-command.ts';

const json = { json: { type: 'boolean' } } as const;
const MAX_METADATA_BYTES = 1 << 20;

function parse<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options cannot be read.');
  }
}

/** In the names that nitro-cli prints; PCR8 only of a signed image. */
function describePcrs({ pcr0, pcr1, pcr2, pcr8 }: EifPcrs): Record<string, string> {
  return { PCR0: pcr0, PCR1: pcr1, PCR2: pcr2, ...(pcr8 === null ? {} : { PCR8: pcr8 }) };
}

function outcome(result: unknown, isJson: boolean | undefined): Outcome {
  return { exitCode: 0, json: result, text: JSON.stringify(result, null, 2), isJson: isJson ?? false };
}

/** Runs `pcrs`. @throws UsageError, EifError */
export async function runPcrs(args: readonly string[]): Promise<Outcome> {
  const { values, positionals } = parse(args, json);
  const [path] = positionals;
  if (path === undefined || positionals.length !== 1) throw new UsageError('pcrs takes one EIF.');
  const { pcrs } = await readEif(path);
  return outcome(describePcrs(pcrs), values.json);
}

/** Runs `eif describe`, `eif extract` or `eif build`. @throws UsageError, EifError */
export function runEif([command, ...args]: readonly string[]): Promise<Outcome> {
  switch (command) {
    case 'describe':
      return describe(args);
    case 'extract':
      return extract(args);
    case 'build':
      return build(args);
    default:
      throw new UsageError('eif is followed by describe, extract or build.');
  }
}

async function describe(args: readonly string[]): Promise<Outcome> {
  const { values, positionals } = parse(args, json);
  const [path] = positionals;
  if (path === undefined || positionals.length !== 1) throw new UsageError('eif describe takes one EIF.');
  const { signature, pcrs, crc32, ...rest } = await readEif(path);
  const { certificateDer, ...signer } = signature ?? { certificateDer: null };
  const described = {
    pcrs: describePcrs(pcrs),
    ...rest,
    crc32Hex: crc32.toString(16).padStart(8, '0'),
    signature: certificateDer && {
      ...signer,
      certificateBase64: Buffer.from(certificateDer).toString('base64'),
    },
  };
  return outcome(described, values.json);
}

async function extract(args: readonly string[]): Promise<Outcome> {
  const { values, positionals } = parse(args, json);
  const [path, directory] = positionals;
  if (path === undefined || directory === undefined || positionals.length !== 2)
    throw new UsageError('eif extract takes an EIF and a DIRECTORY.');
  const description = await readEif(path);
  await mkdir(directory, { recursive: true });
  const names = fileNames(description);
  await withFile(path, async (file) => {
    for (const [index, section] of description.sections.entries())
      await pipeline(
        sectionChunks(file, section),
        copied,
        createWriteStream(join(directory, names[index] ?? 'section')),
      );
  });
  return outcome({ directory, files: names, pcrs: describePcrs(description.pcrs) }, values.json);
}

/** The reader uses one buffer again and again; a stream may still hold the chunk before. */
async function* copied(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

function fileNames({ sections }: EifDescription): readonly string[] {
  const names = {
    kernel: 'kernel',
    cmdline: 'cmdline',
    metadata: 'metadata.json',
    signature: 'signature.cbor',
  };
  let ramdisks = 0;
  return sections.map(({ type }) => {
    if (type !== 'ramdisk') return names[type];
    ramdisks += 1;
    return `ramdisk-${ramdisks - 1}`;
  });
}

async function build(args: readonly string[]): Promise<Outcome> {
  const one = { type: 'string' } as const;
  const options = {
    ...json,
    kernel: one,
    cmdline: one,
    'cmdline-file': one,
    output: one,
    arch: one,
    metadata: one,
  } as const;
  const { values, positionals } = parse(args, {
    ...options,
    ramdisk: { type: 'string', multiple: true },
  } as const);
  const { kernel, output, arch = 'x86_64', ramdisk = [] } = values;
  if (positionals.length > 0 || kernel === undefined || output === undefined || ramdisk.length === 0)
    throw new UsageError('eif build needs --kernel, --cmdline or --cmdline-file, --ramdisk and --output.');
  if (arch !== 'x86_64' && arch !== 'arm64') throw new UsageError('--arch is x86_64 or arm64.');
  const ramdisks: Content[] = [];
  for (const path of ramdisk) ramdisks.push(await contentOf(path));
  const pcrs = await writeEif(output, {
    architecture: arch,
    kernel: await fileContent(kernel),
    commandLine: await commandLineOf(values.cmdline, values['cmdline-file']),
    ramdisks,
    metadata: values.metadata === undefined ? DETERMINISTIC_METADATA : await metadataOf(values.metadata),
  });
  return outcome(describePcrs(pcrs), values.json);
}

async function contentOf(path: string): Promise<Content> {
  const status = await lstat(path).catch(() => null);
  return status?.isDirectory() ? cpioOfTree(path) : fileContent(path);
}

async function commandLineOf(text: string | undefined, file: string | undefined): Promise<string> {
  if ((text === undefined) === (file === undefined))
    throw new UsageError('eif build needs either --cmdline or --cmdline-file.');
  if (text !== undefined) return text;
  const content = await readFile(file ?? '', 'utf8').catch(() => {
    throw new EifError('EIF_INPUT', file);
  });
  return content.replace(/\n$/, '');
}

async function metadataOf(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const text = await readFile(path, 'utf8');
    const metadata: unknown = text.length <= MAX_METADATA_BYTES ? JSON.parse(text) : null;
    if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata))
      return metadata as Record<string, unknown>;
  } catch {
    throw new EifError('EIF_METADATA', path);
  }
  throw new EifError('EIF_METADATA', path);
}
