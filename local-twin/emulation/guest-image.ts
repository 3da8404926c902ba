import { cpSync, createWriteStream, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cpioOfTree } from '../../attestation/eif/cpio.ts';
import { compileApp } from '../../scripts/enclave-image/compile-app.ts';
import { imageStart } from '../../scripts/enclave-image/image-start.ts';
import { copyProductionPackages } from '../../scripts/enclave-image/production-packages.ts';
import type { Ground } from './ground.ts';
import { scratchDir } from './machine.ts';
import { fillBootstrap, installNode, writeStart } from './ramdisk.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const GUEST = 'local-twin/emulation/guest';

export interface GuestProgram {
  /** TypeScript file in `guest/` that the init starts. */
  readonly program: string;
  /** TypeScript files of the repository that it starts in processes or threads of their own. */
  readonly starts?: readonly string[];
  /** Workspaces whose installed packages it needs. */
  readonly packagesOf?: readonly string[];
  /** Further files below /app, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes the ramdisks of a guest: bootstrap and application, one after the other. Its program is compiled and started as an image's is. */
export async function writeGuestRamdisk(
  file: string,
  ground: Ground,
  { program, starts = [], packagesOf = [], files = {} }: GuestProgram,
): Promise<void> {
  using bootstrap = scratchDir();
  using application = scratchDir();
  fillBootstrap(bootstrap.path, ground);
  const rootfs = join(application.path, 'rootfs');
  mkdirSync(rootfs);
  installNode(rootfs);
  const app = join(rootfs, 'app');
  compileApp(REPOSITORY, [`${GUEST}/${program}`, ...starts], app);
  installShared(app);
  copyProductionPackages(REPOSITORY, packagesOf, app);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(app, path), text);
  const { command, environment } = imageStart(REPOSITORY);
  const main = `/app/${GUEST}/${program.replace(/\.ts$/, '.js')}`;
  writeStart(application.path, { command: [...command.slice(0, -1), main], environment });
  const archives = [await cpioOfTree(bootstrap.path), await cpioOfTree(application.path)];
  const chunks = async function* () {
    for (const archive of archives) yield* archive.chunks();
  };
  await pipeline(Readable.from(chunks()), createWriteStream(file));
}

/** The workspace `shared` with its addon, under the path too by which checks import its tests. */
function installShared(app: string): void {
  const folder = join(app, 'node_modules/@strongroom/shared');
  const addon = 'native/build/vsock.node';
  cpSync(join(REPOSITORY, 'shared', addon), join(folder, addon));
  if (!existsSync(join(folder, 'dist/test'))) return;
  symlinkSync('node_modules/@strongroom/shared/dist', join(app, 'shared'));
}
