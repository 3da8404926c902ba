import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyProductionPackages } from '../../scripts/enclave-image/production-packages.ts';
import type { Ground } from './ground.ts';
import { applicationRamdisk, bootstrapRamdisk, installNode } from './ramdisk.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

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

/** The ramdisks of a guest that runs a program from its TypeScript: bootstrap and application, one after the other. */
export function guestRamdisk(ground: Ground, program: GuestProgram): Buffer {
  const rootfs = mkdtempSync(join(tmpdir(), 'strongroom-rootfs-'));
  try {
    installNode(rootfs);
    installProgram(join(rootfs, 'app'), program);
    const command = ['/bin/node', '--conditions=source', '--no-warnings', `/app/${program.program}`];
    return Buffer.concat([
      bootstrapRamdisk(ground),
      applicationRamdisk({ rootfs, command, environment: ['HOME=/tmp'] }),
    ]);
  } finally {
    rmSync(rootfs, { recursive: true, force: true });
  }
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
