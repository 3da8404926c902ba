import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Ground } from './ground.ts';
import { applicationRamdisk, bootstrapRamdisk, installNode, installSources } from './ramdisk.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

export interface GuestProgram {
  /** TypeScript file of the repository that the guest runs. */
  readonly program: string;
  /** Files and folders of the repository that it needs. */
  readonly sources: readonly string[];
  /** Workspaces that it imports by name. */
  readonly workspaces: readonly string[];
  readonly args?: readonly string[];
}

/** The ramdisks of a guest that runs a program from its TypeScript: bootstrap and application, one after the other. */
export function guestRamdisk(
  ground: Ground,
  { program, sources, workspaces, args = [] }: GuestProgram,
): Buffer {
  const rootfs = mkdtempSync(join(tmpdir(), 'strongroom-rootfs-'));
  try {
    installNode(rootfs);
    mkdirSync(join(rootfs, 'app'));
    installSources(rootfs, REPOSITORY, sources, workspaces);
    const command = ['/bin/node', '--conditions=source', '--no-warnings', `/app/${program}`, ...args];
    return Buffer.concat([
      bootstrapRamdisk(ground),
      applicationRamdisk({ rootfs, command, environment: ['HOME=/tmp'] }),
    ]);
  } finally {
    rmSync(rootfs, { recursive: true, force: true });
  }
}
