import { cpSync, createWriteStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cpioOfTree } from '../../attestation/eif/cpio.ts';
import { copyProductionPackages } from '../../scripts/enclave-image/production-packages.ts';
import type { Ground } from './ground.ts';
import { scratchDir } from './machine.ts';
import { fillBootstrap, installNode, writeStart } from './ramdisk.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** What an enclave with a simulated security module runs from. */
export const ENCLAVE_SOURCES = [
  'shared/package.json',
  'shared/src',
  'shared/native/build/vsock.node',
  'enclave-app/package.json',
  'enclave-app/src',
  'local-twin/package.json',
  'local-twin/src/nsm',
  'local-twin/src/x509',
] as const;

export interface GuestProgram {
  /** TypeScript file of the repository that the guest runs. */
  readonly program: string;
  /** Files and folders of the repository that it needs. */
  readonly sources: readonly string[];
  /** Workspaces that it imports by name. */
  readonly workspaces: readonly string[];
  /** Workspaces whose installed packages it needs. */
  readonly packagesOf?: readonly string[];
  /** Further files below /app, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes the ramdisks of a guest that runs a program from its TypeScript: bootstrap and application, one after the other. */
export async function writeGuestRamdisk(file: string, ground: Ground, program: GuestProgram): Promise<void> {
  using bootstrap = scratchDir();
  using application = scratchDir();
  fillBootstrap(bootstrap.path, ground);
  const rootfs = join(application.path, 'rootfs');
  mkdirSync(rootfs);
  installNode(rootfs);
  installProgram(join(rootfs, 'app'), program);
  const command = ['/bin/node', '--conditions=source', '--no-warnings', `/app/${program.program}`];
  writeStart(application.path, { command, environment: ['HOME=/tmp'] });
  const archives = [await cpioOfTree(bootstrap.path), await cpioOfTree(application.path)];
  const chunks = async function* () {
    for (const archive of archives) yield* archive.chunks();
  };
  await pipeline(Readable.from(chunks()), createWriteStream(file));
}

function installProgram(
  app: string,
  { sources, workspaces, packagesOf = [], files = {} }: GuestProgram,
): void {
  for (const path of sources) cpSync(join(REPOSITORY, path), join(app, path), { recursive: true });
  copyProductionPackages(REPOSITORY, packagesOf, app);
  const scope = join(app, 'node_modules/@strongroom');
  mkdirSync(scope, { recursive: true });
  for (const workspace of workspaces) symlinkSync(`../../${workspace}`, join(scope, workspace));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(app, path), text);
}
