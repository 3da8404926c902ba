import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ArchiveEntry, newcArchive, readTree } from '../../scripts/enclave-image/newc-archive.ts';
import type { Ground } from './ground.ts';

/** The first ramdisk: PID 1 and the kernel's modules. */
export function bootstrapRamdisk(ground: Ground): Buffer {
  const init: ArchiveEntry = {
    path: 'init',
    kind: 'file',
    content: readFileSync(ground.init),
    executable: true,
  };
  return newcArchive([{ path: 'dev', kind: 'directory' }, init, ...readTree(ground.modulesDir, 'modules')]);
}

export interface ApplicationRamdisk {
  /** Folder that becomes the guest's root. */
  readonly rootfs: string;
  readonly command: readonly string[];
  /** NAME=value. */
  readonly environment: readonly string[];
}

/** The second ramdisk, laid out as nitro-cli does: /rootfs, /cmd and /env. */
export function applicationRamdisk({ rootfs, command, environment }: ApplicationRamdisk): Buffer {
  const lines = (path: string, values: readonly string[]): ArchiveEntry => ({
    path,
    kind: 'file',
    content: Buffer.from(values.map((value) => `${value}\n`).join('')),
    executable: false,
  });
  return newcArchive([...readTree(rootfs, 'rootfs'), lines('cmd', command), lines('env', environment)]);
}

/** Puts Node, stripped, and the libraries that it loads below `rootfs`. */
export function installNode(rootfs: string): void {
  for (const dir of ['bin', 'dev', 'proc', 'sys', 'tmp', 'run', 'lib64'])
    mkdirSync(join(rootfs, dir), { recursive: true });
  const node = process.execPath;
  execFileSync('strip', ['-o', join(rootfs, 'bin/node'), node]);
  for (const [library] of execFileSync('ldd', [node], { encoding: 'utf8' }).matchAll(/\/lib\S+/g)) {
    mkdirSync(join(rootfs, dirname(library)), { recursive: true });
    copyFileSync(library, join(rootfs, library));
  }
}
